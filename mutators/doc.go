// Package mutators fills in what is missing: a target port, a port's client TLS. A mutator is a pure function of an
// object and the mesh around it, edits raw JSON so that fields unknown to this version survive, and finds nothing
// left to do on a second pass. It never overrides what a person wrote, and never imports the Rego engine.
package mutators

// Package bundles runs OPA's own plugins with OPA's own configuration: bundles (from an HTTP server, an OCI registry or a
// file, with signatures) and decision logs (to the console or a service, with masking). Bundles become a Source of
// package policies, which compiles and tests them like any other. Nothing here evaluates a policy.
package bundles

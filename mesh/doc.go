// Package mesh is the model of an Istio service mesh: what leaves it, from which client, to where, under which
// TLS, and which object decided so. It is pure: a Snapshot is an immutable set of objects, and every answer is a
// function of it.
//
// All knowledge of Istio's semantics lives here and nowhere else. What must not live here: Kubernetes clients,
// Rego, HTTP, configuration of the program, and any opinion on whether an answer is good or bad.
package mesh

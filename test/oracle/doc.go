// Package oracle holds the model of the mesh against Istio's own configuration generator: it makes random meshes
// from a seed, asks both who reaches what under which TLS, and shrinks each disagreement to the smallest mesh that
// still shows it. It is a module of its own, for Istio's dependencies must not become the product's.
//
// What must not live here: knowledge of Istio's semantics. The generator knows the shape of objects, Istio and the
// model know what they mean, and nothing in between corrects either.
package oracle

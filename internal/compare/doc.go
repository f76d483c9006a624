// Package compare holds the model of the mesh against the configuration that a proxy really has, connection by connection:
// package envoy walks each through the configuration, package mesh says where it goes, and the two must tell the same.
//
// What must not live here: knowledge of Istio's semantics or of Envoy's. Both sides are asked, and neither is corrected.
package compare

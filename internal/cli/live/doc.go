// Package live reads the mesh of a cluster, once: the objects that the mesh reads, and Istio's MeshConfig.
//
// It lists and gets, and neither watches nor writes. What the objects mean does not belong here.
package live

// Package istiod reads how a control plane is configured from the objects that configure it, as istiod itself does at its
// start. It asks no cluster; what follows for the mesh is decided in mesh.
package istiod

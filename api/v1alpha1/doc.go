// Package v1alpha1 holds the types that users write for tlsward, in version tlsward.io/v1alpha1: Config, Exemption and Suite; their
// defaults, and the checks of what is written.
//
// Nothing here acts on them, reads a file or asks a cluster.
//
// +groupName=tlsward.io
package v1alpha1

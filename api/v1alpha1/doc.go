// Package v1alpha1 holds the documents that users write for tlsward, in version tlsward.io/v1alpha1: their types, their
// defaults, and what makes them invalid.
//
// Nothing here acts on them, reads a file or asks a cluster.
package v1alpha1

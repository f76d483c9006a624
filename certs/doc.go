// Package certs gives the webhook server its serving certificate and the API server the CA bundle that trusts it.
//
// Three sources: a self-signed pair made at start, a pair mounted from files, and the program's own CA kept in a
// Secret that the replicas share. What a rotation does next is decided by a pure function; Kubernetes stands behind
// a small interface.
//
// Nothing here knows about the mesh, policies or admission reviews.
package certs

// Package certs holds the webhook server's serving certificate and the CA bundle by which API servers trust it.
//
// There are three sources: a self-signed pair issued at start, a pair mounted from files, and a CA of the program's own,
// stored in a Secret that the replicas share. A pure function decides the next step of a rotation; Kubernetes is behind
// a small interface.
//
// Nothing here knows about the mesh, policies or admission reviews.
package certs

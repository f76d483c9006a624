// Package assume is the mesh as it is known from a watch, together with the writes that were admitted and that no event
// has shown yet: what Kubernetes calls an assume cache. Whether a write may be admitted is decided elsewhere.
package assume

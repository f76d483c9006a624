// Package manifests reads Kubernetes objects from YAML and JSON as people keep them: files, directories, standard
// input, several documents a file, Lists. It knows where in a file each object and field stands.
//
// What the objects mean does not belong here: kinds that nobody asked for are passed along.
package manifests

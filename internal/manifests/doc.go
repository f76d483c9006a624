// Package manifests reads Kubernetes objects from YAML and JSON as people keep them: files, directories, standard
// input, several documents a file, Lists. It knows on which line of a file each object and field is.
//
// What the objects mean does not belong here: all kinds are returned.
package manifests

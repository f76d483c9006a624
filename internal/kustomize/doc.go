// Package kustomize renders a kustomization with kustomize's own API, and knows of each object from which file it is.
//
// What the objects mean does not belong here.
package kustomize

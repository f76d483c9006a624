// Package structural knows which fields the objects have that the mesh reads: of Istio and the Gateway API what their CRDs'
// structural schemas say, of Kubernetes' own kinds what its Go types say. It finds the fields that the API server would
// drop, or refuse where it is asked to be strict (kubectl apply asks).
package structural

//go:generate go run ./generate .

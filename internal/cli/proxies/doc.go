// Package proxies finds the proxies of a cluster that have an Envoy, and asks each for its configuration, as istioctl does: by a
// port-forward to Envoy's admin port. It needs the rights to list pods and to create pods/portforward.
//
// What must not live here: what a configuration means.
package proxies

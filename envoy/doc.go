// Package envoy answers what a proxy does with one connection, from the proxy's own Envoy configuration: which listener
// and filter chain take it, which route and cluster it goes to, and at which endpoint it ends, under which TLS.
//
// It follows Envoy's own source and documentation, named beside each rule. What it does not know, such as an extension
// on the way or a resource that is missing, is part of the answer (Outcome.Unknown) and never a guess; no bytes make it
// panic.
//
// What must not live here: Istio's objects and names, and anything that needs a running proxy.
package envoy

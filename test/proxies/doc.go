// Package proxies makes a mesh of real parts on one machine, without containers: kube-apiserver with tlsward's webhooks in
// force, istiod, pilot-agents and Envoys, in network namespaces without a way out, and servers outside the mesh that record what
// arrives. Its tests say what is seen on the wire. docs/proxies.md tells how it works.
//
// What must not live here: a model of anything. What istiod, Envoy or tlsward do is seen and never assumed.
package proxies

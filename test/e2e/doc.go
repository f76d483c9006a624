// Package e2e runs tlsward as a user does: the real binary as a process of its own, a real kube-apiserver with real
// webhook configurations, objects sent with client-go. It holds tests only; what they start is in package cluster.
package e2e

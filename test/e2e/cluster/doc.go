// Package cluster starts what the end-to-end tests need and ends it again: a real kube-apiserver on a real etcd, the
// Istio CRDs, users, webhook configurations, and tlsward itself as processes of their own. Nothing here judges an
// answer: that is the tests' business.
package cluster

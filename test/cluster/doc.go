// Package cluster tests what only a whole cluster can show: the chart installed with the real helm and the real image,
// pods that run, a Service that routes, probes, rollouts, and objects that are gone after the uninstall. It holds tests
// only, behind the build tag "cluster": `make test-cluster`.
//
// The cluster is this machine, which takes root on Linux (package node). Where TLSWARD_IMAGE is set, it is the one in
// KUBECONFIG, which must be disposable, and whose nodes hold that image (and TLSWARD_IMAGE_NEXT, to upgrade to).
package cluster

// Package ha shows that no admission fails because of tlsward: replicas as processes of their own behind one loopback
// address, a real API server, clients that write without pause, and everything that goes wrong in a cluster's life
// happening meanwhile. It holds tests only.
//
// A short run is part of the tests. The long one is `make test-ha`; its table is docs/reliability.md.
package ha

package certs

import (
	"context"
	"crypto/x509"
	"errors"
	"time"
)

// ErrConflict is what a Cluster answers where an object changed since it was read. Reading again settles it.
var ErrConflict = errors.New("the object has changed since it was read")

// Cluster is what the shared CA needs of Kubernetes. Every read is live, every write is locked optimistically by the
// version that was read.
type Cluster interface {
	// Read gives the state as the API server has it now.
	Read(ctx context.Context) (State, error)
	// Save writes the vault over the version that was read; "" creates it. ErrConflict where somebody was faster. It
	// takes a demand for a rotation back.
	Save(ctx context.Context, v *Vault, version string) error
	// Publish gives all webhooks of h this bundle, in PEM. ErrConflict where somebody was faster.
	Publish(ctx context.Context, h Hook, bundle []byte) error
	// Announce says what this replica presents, and that it lives.
	Announce(ctx context.Context, r Replica) error
	// Forget takes back the announcement of the replica of this name.
	Forget(ctx context.Context, name string) error
	// Watch calls wake whenever the vault or a webhook configuration may have changed, and seen with each webhook
	// configuration that has, until ctx is done.
	Watch(ctx context.Context, wake func(), seen func(Hook))
}

// State is what is known of the cluster at one moment.
type State struct {
	// Vault is nil where there is no CA yet, or Broken says why it cannot be read.
	Vault  *Vault
	Broken error
	// Version locks the vault; "" where its Secret does not exist.
	Version string
	// Demanded is true where a person asks for a rotation now.
	Demanded bool
	// Hooks are the webhook configurations that exist.
	Hooks []Hook
	// Replicas are all that announced themselves, this one included.
	Replicas []Replica
}

// Hook is one webhook configuration.
type Hook struct {
	// Kind and Name name it for a person; Version locks it.
	Kind, Name, Version string
	// Bundles holds the CAs that each of its webhooks trusts.
	Bundles [][]*x509.Certificate
}

// trusts says whether every webhook of h trusts c.
func (h Hook) trusts(c *x509.Certificate) bool {
	for _, bundle := range h.Bundles {
		if !contains(bundle, c) {
			return false
		}
	}
	return true
}

// holdsMoreThan says whether any webhook of h trusts something that is not wanted.
func (h Hook) holdsMoreThan(wanted []*x509.Certificate) bool {
	for _, bundle := range h.Bundles {
		for _, c := range bundle {
			if !contains(wanted, c) {
				return true
			}
		}
	}
	return false
}

// Replica is one server that presents certificates signed by the shared CA.
type Replica struct {
	Name string
	// Serving is the CA of the certificate that it presents.
	Serving *x509.Certificate
	// Renewed is when it last said so, by its own clock.
	Renewed time.Time
}

func contains(list []*x509.Certificate, c *x509.Certificate) bool {
	for _, each := range list {
		if each.Equal(c) {
			return true
		}
	}
	return false
}

// union gives a and what b has beside it, in order.
func union(a, b []*x509.Certificate) []*x509.Certificate {
	out := append([]*x509.Certificate(nil), a...)
	for _, c := range b {
		if !contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

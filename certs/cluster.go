package certs

import (
	"context"
	"crypto/x509"
	"errors"
	"time"
)

// ErrConflict is what a Cluster returns where an object has changed since it was read. Reading again settles it.
var ErrConflict = errors.New("the object has changed since it was read")

// Cluster is what the shared CA needs of Kubernetes. Every read is live, and every write is locked optimistically by the
// resource version that was read.
type Cluster interface {
	// Read returns the state as the API server has it now.
	Read(ctx context.Context) (State, error)
	// Save writes the CAs over the resource version that was read; "" creates their Secret. It returns ErrConflict
	// where another replica was faster. A request for a rotation is over with it.
	Save(ctx context.Context, cas *CASet, resourceVersion string) error
	// PublishBundle sets the caBundle, in PEM, of all webhooks of a configuration. It returns ErrConflict where
	// somebody was faster.
	PublishBundle(ctx context.Context, w WebhookConfiguration, bundle []byte) error
	// Announce publishes what this replica presents, and renews its lease of life.
	Announce(ctx context.Context, r Replica) error
	// Withdraw removes the announcement of the replica of this name.
	Withdraw(ctx context.Context, name string) error
	// Watch calls onChange whenever the CAs or a webhook configuration may have changed, and onWebhook with each
	// webhook configuration that has, until ctx is done.
	Watch(ctx context.Context, onChange func(), onWebhook func(WebhookConfiguration))
}

// State is what is known of the cluster at one moment.
type State struct {
	// CAs is nil where there is no CA yet, or DecodeError is why what is stored cannot be read.
	CAs         *CASet
	DecodeError error
	// ResourceVersion is that of the CAs' Secret; "" where it does not exist.
	ResourceVersion string
	// RotationRequested is true where a person asks for a rotation now.
	RotationRequested bool
	// Webhooks are the webhook configurations that exist.
	Webhooks []WebhookConfiguration
	// Replicas are all that announced themselves, this one included.
	Replicas []Replica
}

// WebhookConfiguration is what is read of a MutatingWebhookConfiguration or a ValidatingWebhookConfiguration.
type WebhookConfiguration struct {
	Kind, Name, ResourceVersion string
	// Bundles holds the caBundle of each of its webhooks.
	Bundles [][]*x509.Certificate
}

// trusts reports whether every webhook of w trusts c.
func (w WebhookConfiguration) trusts(c *x509.Certificate) bool {
	for _, bundle := range w.Bundles {
		if !contains(bundle, c) {
			return false
		}
	}
	return true
}

// trustsBeyond reports whether any webhook of w trusts a certificate that is not wanted.
func (w WebhookConfiguration) trustsBeyond(wanted []*x509.Certificate) bool {
	for _, bundle := range w.Bundles {
		for _, c := range bundle {
			if !contains(wanted, c) {
				return true
			}
		}
	}
	return false
}

// certificates returns all that any webhook of w trusts.
func (w WebhookConfiguration) certificates() []*x509.Certificate {
	var out []*x509.Certificate
	for _, bundle := range w.Bundles {
		out = union(out, bundle)
	}
	return out
}

// Replica is one server that presents certificates signed by the shared CA.
type Replica struct {
	Name string
	// ServingCA is the CA of the certificate that it presents.
	ServingCA *x509.Certificate
	// RenewTime is when it last announced itself, by its own clock.
	RenewTime time.Time
}

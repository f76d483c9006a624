package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// SharedCAOptions are the parameters of a SharedCA.
type SharedCAOptions struct {
	// Cluster stores the CA and publishes its bundles.
	Cluster Cluster
	// Name is this replica's, unique among them.
	Name string
	// Names go into the serving certificate: DNS names or IP addresses, at least one.
	Names []string
	// IsLeader reports whether this replica does the work that only one may do.
	IsLeader func() bool
	// Takeover is how long at most no replica leads after a leader has died.
	Takeover time.Duration
	// Lifetimes are DefaultLifetimes where zero.
	Lifetimes Lifetimes
	// PropagationTime is how long after its publication every API server is assumed to know a bundle; 1 min if zero.
	PropagationTime time.Duration
	// Heartbeat is how often a replica announces itself, 30 s if zero. One that has not for ten of them has expired.
	Heartbeat time.Duration
	Log       *slog.Logger
}

// withDefaults fills in what is zero.
func (o SharedCAOptions) withDefaults() SharedCAOptions {
	if o.Lifetimes == (Lifetimes{}) {
		o.Lifetimes = DefaultLifetimes()
	}
	if o.PropagationTime <= 0 {
		o.PropagationTime = time.Minute
	}
	if o.Heartbeat <= 0 {
		o.Heartbeat = 30 * time.Second
	}
	return o
}

// SharedCA is a source whose CA the replicas share through a Secret. Each replica issues its own certificate in memory,
// so nothing waits for a volume. docs/adr/0006-shared-ca.md has the reasons for how it is rotated.
type SharedCA struct {
	SharedCAOptions
	leaf     leaf
	observer observer
	wake     chan struct{}

	mu           sync.Mutex
	lastCAs      *CASet
	wantedBundle []*x509.Certificate // by the last state read
	notReady     error
	announcedAt  time.Time
	status       Status
}

// errNotInUse is why a replica is not ready yet.
var errNotInUse = errors.New("the shared CA is not in use yet")

// NewSharedCA returns a source that has no certificate before Start runs. The error names the option that is wrong.
func NewSharedCA(o SharedCAOptions) (*SharedCA, error) {
	o = o.withDefaults()
	if len(o.Names) == 0 {
		return nil, errors.New("shared CA: no name for the serving certificate")
	}
	if err := o.Lifetimes.validate(o.Takeover, o.PropagationTime); err != nil {
		return nil, fmt.Errorf("shared CA: %w", err)
	}
	return &SharedCA{
		SharedCAOptions: o,
		leaf:            leaf{names: o.Names, lifetime: o.Lifetimes.Leaf, now: wallClock},
		observer:        newObserver(o.PropagationTime, 10*o.Heartbeat),
		wake:            make(chan struct{}, 1),
		notReady:        errNotInUse,
		status:          Status{Steps: map[string]uint64{}},
	}, nil
}

// Wake has the state reconciled now: after the leader changed, say.
func (s *SharedCA) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// GetCertificate returns this replica's certificate, renewed if it is due.
func (s *SharedCA) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return s.leaf.certificate()
}

// NotAfter returns when this replica's certificate expires.
func (s *SharedCA) NotAfter() time.Time { return s.leaf.notAfter() }

// Healthy returns an error until this replica presents a certificate that every webhook configuration trusts, and has
// announced that.
func (s *SharedCA) Healthy() error {
	if _, err := s.leaf.certificate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.notReady
}

// Start reconciles until ctx is done, then withdraws this replica's announcement.
func (s *SharedCA) Start(ctx context.Context) error {
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		s.Cluster.Watch(ctx, s.Wake, func(w WebhookConfiguration) { s.repairBundle(ctx, w) })
	}()
	for ctx.Err() == nil {
		timer := time.NewTimer(s.reconcileAll(ctx))
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	<-watching
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := s.Cluster.Withdraw(last, s.Name); err != nil {
		s.Log.Warn("this replica's announcement stays until it lapses", "error", err)
	}
	return nil
}

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

// SharedOptions are what a Shared needs.
type SharedOptions struct {
	// Cluster is where the CA is kept and published.
	Cluster Cluster
	// Name is this replica's, unique among them.
	Name string
	// Names go into the serving certificate: DNS names or IP addresses, at least one.
	Names []string
	// Leading says whether this replica does the work that only one may do.
	Leading func() bool
	// Takeover is how long nobody may lead after a leader has died.
	Takeover time.Duration
	// Lives are DefaultLives where zero.
	Lives Lives
	// Settle is how long after its publication every API server is taken to know a bundle; 1 min if zero.
	Settle time.Duration
	// Heartbeat is how often a replica says that it lives, 30 s if zero; one that is silent for ten of them is gone.
	Heartbeat time.Duration
	Log       *slog.Logger
}

// withDefaults fills in what is zero.
func (o SharedOptions) withDefaults() SharedOptions {
	if o.Lives == (Lives{}) {
		o.Lives = DefaultLives()
	}
	if o.Settle <= 0 {
		o.Settle = time.Minute
	}
	if o.Heartbeat <= 0 {
		o.Heartbeat = 30 * time.Second
	}
	return o
}

// Shared is a source whose CA the replicas share through a Secret. Each replica signs its own certificate in memory;
// nothing waits for a volume. See docs/adr/0006-shared-ca.md for how a rotation goes.
type Shared struct {
	SharedOptions
	leaf  leaf
	trust trust
	wake  chan struct{}

	mu        sync.Mutex
	memory    *Vault
	wanted    []*x509.Certificate // what every bundle should hold, by the last look
	ready     error
	announced time.Time
	status    Status
}

var errStarting = errors.New("the shared CA is not in use yet")

// NewShared prepares the source; Start makes it work.
func NewShared(o SharedOptions) (*Shared, error) {
	o = o.withDefaults()
	if len(o.Names) == 0 {
		return nil, errors.New("shared CA: no name for the serving certificate")
	}
	if err := o.Lives.check(o.Takeover, o.Settle); err != nil {
		return nil, fmt.Errorf("shared CA: %w", err)
	}
	return &Shared{
		SharedOptions: o,
		leaf:          leaf{names: o.Names, life: o.Lives.Leaf, now: wall},
		trust:         newTrust(o.Settle, 10*o.Heartbeat),
		wake:          make(chan struct{}, 1),
		ready:         errStarting,
		status:        Status{Steps: map[string]uint64{}},
	}, nil
}

// Wake has the state looked at now: after the leader changed, say.
func (s *Shared) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// GetCertificate gives this replica's certificate, signed again where it is due.
func (s *Shared) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.leaf.get() }

// NotAfter is the end of this replica's certificate.
func (s *Shared) NotAfter() time.Time { return s.leaf.notAfter() }

// Healthy fails until this replica presents a certificate that every webhook configuration trusts, and has said so.
func (s *Shared) Healthy() error {
	if _, err := s.leaf.get(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ready
}

// Start works on the CA until ctx is done, then takes this replica's announcement back.
func (s *Shared) Start(ctx context.Context) error {
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		s.Cluster.Watch(ctx, s.Wake, func(h Hook) { s.heal(ctx, h) })
	}()
	for ctx.Err() == nil {
		pause := s.settleDown(ctx)
		timer := time.NewTimer(pause)
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
	if err := s.Cluster.Forget(last, s.Name); err != nil {
		s.Log.Warn("this replica's announcement stays until it lapses", "error", err)
	}
	return nil
}

// maxSteps bounds the steps of one go: a whole rotation takes seven.
const maxSteps = 20

// failedPause is the time before another look where one has failed.
const failedPause = time.Second

// settleDown takes steps until none is left, and gives the time to wait before looking again.
func (s *Shared) settleDown(ctx context.Context) time.Duration {
	for range maxSteps {
		again, err := s.cycle(ctx)
		switch {
		case errors.Is(err, ErrConflict):
			s.Log.Debug("another replica was faster", "error", err)
		case err != nil:
			s.fail(ctx, err)
			return failedPause
		case again == 0:
		default:
			return again
		}
	}
	return time.Second
}

// fail records an error. What is presented stays, and so does readiness: an API server that is away asks nothing.
func (s *Shared) fail(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	s.Log.Error("the shared CA could not be looked after; the certificate in force stays", "error", err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Errors++
	if errors.Is(s.ready, errStarting) {
		s.ready = fmt.Errorf("%w: %w", errStarting, err)
	}
}

// cycle looks once and takes at most one step. It gives 0 where it is to be called again at once.
func (s *Shared) cycle(ctx context.Context) (time.Duration, error) {
	state, err := s.Cluster.Read(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the shared CA: %w", err)
	}
	v := s.look(state)
	changed, err := s.present(ctx, state, v)
	if err != nil {
		return 0, err
	}
	d := plan(state, v)
	s.note(state, d, changed)
	if d.step == stepRest {
		if changed {
			return 0, nil
		}
		s.sweep(ctx, state, v)
		return s.pause(state, v), nil
	}
	s.Log.Info("shared CA", "step", d.step, "why", d.why)
	if err := s.take(ctx, state, d); err != nil {
		return 0, fmt.Errorf("%s: %w", d.step, err)
	}
	s.count(d.step)
	return 0, nil
}

// look updates what this replica remembers.
func (s *Shared) look(state State) view {
	s.trust.observe(state, time.Now())
	s.mu.Lock()
	defer s.mu.Unlock()
	if state.Vault != nil {
		s.memory, s.wanted = state.Vault, state.wanted(s.trust.gone)
	}
	return view{leader: s.Leading(), memory: s.memory, gone: s.trust.gone, settled: s.trust.settled, now: wall()}
}

// present changes over to the CA that choose gives, and announces what is presented when that changed or is due.
func (s *Shared) present(ctx context.Context, state State, v view) (changed bool, err error) {
	current := s.leaf.signer()
	next := choose(state, current, v)
	if next == nil {
		return false, nil
	}
	if current == nil || !current.Certificate.Equal(next.Certificate) {
		if err := s.leaf.use(next); err != nil {
			return false, err
		}
		s.Log.Info("serving certificate signed", "ca", fingerprint(next.Certificate), "notAfter", s.leaf.notAfter())
		changed = true
	}
	if !changed && s.announces(state, next.Certificate) && time.Since(s.announced) < s.Heartbeat {
		return false, nil
	}
	if err := s.Cluster.Announce(ctx, Replica{Name: s.Name, Serving: next.Certificate, Renewed: time.Now()}); err != nil {
		return changed, fmt.Errorf("announce this replica: %w", err)
	}
	s.announced = time.Now()
	return changed || !s.announces(state, next.Certificate), nil
}

// announces says whether the cluster knows that this replica presents c.
func (s *Shared) announces(state State, c *x509.Certificate) bool {
	for _, r := range state.Replicas {
		if r.Name == s.Name {
			return r.Serving != nil && r.Serving.Equal(c)
		}
	}
	return false
}

// take carries a decision out.
func (s *Shared) take(ctx context.Context, state State, d decision) error {
	switch d.step {
	case stepExtend, stepTrim:
		return s.Cluster.Publish(ctx, d.hook, EncodeBundle(d.bundle...))
	case stepRestore:
		return s.Cluster.Save(ctx, s.memory, state.Version)
	}
	next, err := after(state.Vault, d.step, s.Lives.CA)
	if err != nil {
		return err
	}
	return s.Cluster.Save(ctx, next, state.Version)
}

// after gives the vault as a step leaves it.
func after(v *Vault, taken step, life time.Duration) (*Vault, error) {
	switch taken {
	case stepPromote:
		return &Vault{Active: v.Next, Previous: v.Active.Certificate}, nil
	case stepDrop:
		return &Vault{Active: v.Active}, nil
	}
	a, err := NewAuthority(wall(), life)
	if err != nil {
		return nil, err
	}
	if taken == stepBegin {
		return &Vault{Active: v.Active, Next: a, Previous: v.Previous}, nil
	}
	return &Vault{Active: a}, nil
}

// sweep removes the announcements of replicas that died without a word.
func (s *Shared) sweep(ctx context.Context, state State, v view) {
	if !v.leader {
		return
	}
	for _, r := range state.Replicas {
		if r.Name == s.Name || !v.gone(r) {
			continue
		}
		if err := s.Cluster.Forget(ctx, r.Name); err != nil {
			s.Log.Warn("the announcement of a replica that is gone stays", "replica", r.Name, "error", err)
		}
	}
}

// pause is how long nothing will happen by itself: shorter while a rotation is on its way, and never past the renewal
// of the CA. The clock may have been set meanwhile, so it is never long.
func (s *Shared) pause(state State, v view) time.Duration {
	const least = 50 * time.Millisecond
	wait := s.Heartbeat
	moving := state.Vault == nil || state.Vault.Next != nil || state.Vault.Previous != nil
	if !moving {
		current := s.leaf.signer()
		moving = current != nil && !current.Certificate.Equal(state.Vault.Active.Certificate)
		wait = min(wait, max(renewAt(state.Vault.Active.Certificate).Sub(v.now), least))
	}
	if moving {
		wait = min(wait, max(movingPause(s.Settle), least))
	}
	return wait
}

// movingPause is the time between two looks while a rotation is under way.
func movingPause(settle time.Duration) time.Duration { return min(settle/4, 2*time.Second) }

package certs

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"
)

// fakeCluster is an API server in memory: it keeps what is encoded, locks by version, and can fail on demand.
type fakeCluster struct {
	mu                sync.Mutex
	version           int
	secret            map[string][]byte
	resourceVersion   string
	rotationRequested bool
	webhooks          map[string]*fakeWebhook
	replicas          map[string]Replica
	watchers          []func(WebhookConfiguration)
	// failureRate is the chance that a call fails, away that all do.
	failureRate float64
	unavailable bool
	readsFail   bool // reads fail
	random      *rand.Rand
	// publishes counts the writes to webhook configurations.
	publishes int
}

type fakeWebhook struct {
	resourceVersion string
	bundle          []byte
}

var errUnavailable = errors.New("the API server is away")

func newFakeCluster(seed uint64, hooks ...string) *fakeCluster {
	f := &fakeCluster{webhooks: map[string]*fakeWebhook{}, replicas: map[string]Replica{}, random: rand.New(rand.NewPCG(seed, 1))}
	for _, h := range hooks {
		f.webhooks[h] = &fakeWebhook{resourceVersion: f.nextVersion()}
	}
	return f
}

func (f *fakeCluster) nextVersion() string {
	f.version++
	return strconv.Itoa(f.version)
}

// begin locks for one request, which takes a moment, as it would.
func (f *fakeCluster) begin() error {
	time.Sleep(time.Millisecond)
	f.mu.Lock()
	if f.unavailable || f.random.Float64() < f.failureRate {
		f.mu.Unlock()
		return errUnavailable
	}
	return nil
}

// notify calls the watchers: that something has changed, or with the webhook configurations that have.
func (f *fakeCluster) notify(changed ...string) {
	for _, w := range f.watchers {
		if len(changed) == 0 {
			w(WebhookConfiguration{})
		}
		for _, name := range changed {
			w(f.webhook(name))
		}
	}
}

func (f *fakeCluster) webhook(name string) WebhookConfiguration {
	h := f.webhooks[name]
	return WebhookConfiguration{Kind: "hook", Name: name, ResourceVersion: h.resourceVersion, Bundles: bundles(h.bundle)}
}

func (f *fakeCluster) Read(context.Context) (State, error) {
	if err := f.begin(); err != nil {
		return State{}, err
	}
	defer f.mu.Unlock()
	if f.readsFail {
		return State{}, errUnavailable
	}
	s := State{ResourceVersion: f.resourceVersion, RotationRequested: f.rotationRequested}
	s.CAs, s.DecodeError = DecodeCASet(f.secret)
	for name := range f.webhooks {
		s.Webhooks = append(s.Webhooks, f.webhook(name))
	}
	for _, r := range f.replicas {
		s.Replicas = append(s.Replicas, r)
	}
	slices.SortFunc(s.Replicas, func(a, b Replica) int { return len(a.Name) - len(b.Name) })
	return s, nil
}

func (f *fakeCluster) Save(_ context.Context, v *CASet, version string) error {
	if err := f.begin(); err != nil {
		return err
	}
	defer f.mu.Unlock()
	if version != f.resourceVersion {
		return ErrConflict
	}
	entries, err := v.Encode()
	if err != nil {
		return err
	}
	f.secret, f.resourceVersion, f.rotationRequested = entries, f.nextVersion(), false
	f.notify()
	return nil
}

func (f *fakeCluster) PublishBundle(_ context.Context, h WebhookConfiguration, bundle []byte) error {
	if err := f.begin(); err != nil {
		return err
	}
	defer f.mu.Unlock()
	stored, ok := f.webhooks[h.Name]
	if !ok || stored.resourceVersion != h.ResourceVersion {
		return ErrConflict
	}
	stored.bundle, stored.resourceVersion = bundle, f.nextVersion()
	f.publishes++
	f.notify(h.Name)
	return nil
}

func (f *fakeCluster) Announce(_ context.Context, r Replica) error {
	if err := f.begin(); err != nil {
		return err
	}
	defer f.mu.Unlock()
	f.replicas[r.Name] = r
	return nil
}

func (f *fakeCluster) Withdraw(_ context.Context, name string) error {
	if err := f.begin(); err != nil {
		return err
	}
	defer f.mu.Unlock()
	delete(f.replicas, name)
	return nil
}

// Watch delivers one event after the other, asynchronously, as a real watch does.
func (f *fakeCluster) Watch(ctx context.Context, wake func(), seen func(WebhookConfiguration)) {
	events := make(chan WebhookConfiguration, 1000)
	f.mu.Lock()
	f.watchers = append(f.watchers, func(h WebhookConfiguration) {
		if ctx.Err() == nil {
			events <- h
		}
	})
	f.mu.Unlock()
	for {
		select {
		case <-ctx.Done():
			return
		case h := <-events:
			if h.Name != "" {
				seen(h)
			}
			wake()
		}
	}
}

// wipeBundle empties the bundle of a webhook configuration, as a deployment tool would.
func (f *fakeCluster) wipeBundle(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.webhooks[name].bundle, f.webhooks[name].resourceVersion = nil, f.nextVersion()
	f.notify(name)
}

// deleteSecret deletes the Secret.
func (f *fakeCluster) deleteSecret() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.secret, f.resourceVersion = nil, ""
	f.notify()
}

// corruptSecret writes nonsense into the Secret.
func (f *fakeCluster) corruptSecret() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.secret, f.resourceVersion = map[string][]byte{activeCertificate: []byte("nonsense")}, f.nextVersion()
	f.notify()
}

func (f *fakeCluster) requestRotation() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rotationRequested, f.resourceVersion = true, f.nextVersion()
	f.notify()
}

// with calls do while nobody else changes the cluster.
func (f *fakeCluster) with(do func(*fakeCluster)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do(f)
}

func (f *fakeCluster) cas() *CASet {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, _ := DecodeCASet(f.secret)
	return v
}

func (f *fakeCluster) announced(name string) (r Replica, ok bool) {
	f.with(func(f *fakeCluster) { r, ok = f.replicas[name] })
	return r, ok
}

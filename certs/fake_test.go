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
	mu       sync.Mutex
	version  int
	secret   map[string][]byte
	locked   string
	demanded bool
	hooks    map[string]*fakeHook
	replicas map[string]Replica
	watchers []func(Hook)
	// flaky is the chance that a call fails, away that all do.
	flaky  float64
	away   bool
	mute   bool // reads fail
	random *rand.Rand
	// publishes counts the writes to webhook configurations.
	publishes int
}

type fakeHook struct {
	version string
	bundle  []byte
}

var errAway = errors.New("the API server is away")

func newFakeCluster(seed uint64, hooks ...string) *fakeCluster {
	f := &fakeCluster{hooks: map[string]*fakeHook{}, replicas: map[string]Replica{}, random: rand.New(rand.NewPCG(seed, 1))}
	for _, h := range hooks {
		f.hooks[h] = &fakeHook{version: f.next()}
	}
	return f
}

func (f *fakeCluster) next() string {
	f.version++
	return strconv.Itoa(f.version)
}

// call locks for one request, which takes a moment, as it would.
func (f *fakeCluster) call() error {
	time.Sleep(time.Millisecond)
	f.mu.Lock()
	if f.away || f.random.Float64() < f.flaky {
		f.mu.Unlock()
		return errAway
	}
	return nil
}

// notify tells that something has changed, and of the webhook configurations that have.
func (f *fakeCluster) notify(changed ...string) {
	for _, w := range f.watchers {
		if len(changed) == 0 {
			w(Hook{})
		}
		for _, name := range changed {
			w(f.hook(name))
		}
	}
}

func (f *fakeCluster) hook(name string) Hook {
	h := f.hooks[name]
	return Hook{Kind: "hook", Name: name, Version: h.version, Bundles: bundles(h.bundle)}
}

func (f *fakeCluster) Read(context.Context) (State, error) {
	if err := f.call(); err != nil {
		return State{}, err
	}
	defer f.mu.Unlock()
	if f.mute {
		return State{}, errAway
	}
	s := State{Version: f.locked, Demanded: f.demanded}
	s.Vault, s.Broken = DecodeVault(f.secret)
	for name := range f.hooks {
		s.Hooks = append(s.Hooks, f.hook(name))
	}
	for _, r := range f.replicas {
		s.Replicas = append(s.Replicas, r)
	}
	slices.SortFunc(s.Replicas, func(a, b Replica) int { return len(a.Name) - len(b.Name) })
	return s, nil
}

func (f *fakeCluster) Save(_ context.Context, v *Vault, version string) error {
	if err := f.call(); err != nil {
		return err
	}
	defer f.mu.Unlock()
	if version != f.locked {
		return ErrConflict
	}
	entries, err := v.Encode()
	if err != nil {
		return err
	}
	f.secret, f.locked, f.demanded = entries, f.next(), false
	f.notify()
	return nil
}

func (f *fakeCluster) Publish(_ context.Context, h Hook, bundle []byte) error {
	if err := f.call(); err != nil {
		return err
	}
	defer f.mu.Unlock()
	stored, ok := f.hooks[h.Name]
	if !ok || stored.version != h.Version {
		return ErrConflict
	}
	stored.bundle, stored.version = bundle, f.next()
	f.publishes++
	f.notify(h.Name)
	return nil
}

func (f *fakeCluster) Announce(_ context.Context, r Replica) error {
	if err := f.call(); err != nil {
		return err
	}
	defer f.mu.Unlock()
	f.replicas[r.Name] = r
	return nil
}

func (f *fakeCluster) Forget(_ context.Context, name string) error {
	if err := f.call(); err != nil {
		return err
	}
	defer f.mu.Unlock()
	delete(f.replicas, name)
	return nil
}

// Watch tells one event after the other, in its own time, as a real watch does.
func (f *fakeCluster) Watch(ctx context.Context, wake func(), seen func(Hook)) {
	events := make(chan Hook, 1000)
	f.mu.Lock()
	f.watchers = append(f.watchers, func(h Hook) {
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

// wipe empties the bundle of a webhook configuration, as a deployment tool would.
func (f *fakeCluster) wipe(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hooks[name].bundle, f.hooks[name].version = nil, f.next()
	f.notify(name)
}

// lose deletes the Secret.
func (f *fakeCluster) lose() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.secret, f.locked = nil, ""
	f.notify()
}

// spoil writes nonsense into the Secret.
func (f *fakeCluster) spoil() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.secret, f.locked = map[string][]byte{activeCertificate: []byte("nonsense")}, f.next()
	f.notify()
}

func (f *fakeCluster) demand() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.demanded, f.locked = true, f.next()
	f.notify()
}

// with gives do the cluster while nobody else changes it.
func (f *fakeCluster) with(do func(*fakeCluster)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do(f)
}

func (f *fakeCluster) vault() *Vault {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, _ := DecodeVault(f.secret)
	return v
}

func (f *fakeCluster) announced(name string) (r Replica, ok bool) {
	f.with(func(f *fakeCluster) { r, ok = f.replicas[name] })
	return r, ok
}

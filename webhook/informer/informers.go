// Package informer watches every kind of the mesh with the manager's cache and keeps them in an assume.Cache, event by
// event. It reads single objects from the API server where a review needs certainty. Decisions do not belong here.
package informer

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/cluster"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/assume"
)

// Options are what Informers need.
type Options struct {
	// Cluster is the manager. Its scheme must have the kinds, see AddToScheme, and its configuration must ask for JSON.
	Cluster cluster.Cluster
	// Cache gets the objects.
	Cache *assume.Cache
	// Discovery is how often a kind that is not served is asked for again; 3 s if zero.
	Discovery time.Duration
	Log       *slog.Logger
}

// Informers are those of every kind of the mesh. Kinds whose CRDs are not installed are picked up when they arrive.
type Informers struct {
	cluster   cluster.Cluster
	cache     *assume.Cache
	discovery time.Duration
	log       *slog.Logger
	kinds     map[string]*kindInformer // by mesh kind
}

// New returns Informers that have not started. It does not talk to the API server.
func New(o Options) *Informers {
	i := &Informers{cluster: o.Cluster, cache: o.Cache, discovery: cmp.Or(o.Discovery, 3*time.Second), log: o.Log,
		kinds: map[string]*kindInformer{}}
	for _, k := range Kinds() {
		i.kinds[k.Name] = &kindInformer{Informers: i, kind: k}
	}
	return i
}

// Start starts the informer of each kind as soon as the API server serves it. It waits for ctx.
func (i *Informers) Start(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, k := range i.kinds {
		wg.Go(func() { k.start(ctx) })
	}
	wg.Wait()
	<-ctx.Done()
	return nil
}

// NeedLeaderElection returns false: every replica decides.
func (i *Informers) NeedLeaderElection() bool { return false }

// Synced returns an error that names the kinds whose objects have not all arrived yet, nil where all have. A kind that
// is not served has none.
func (i *Informers) Synced() error {
	var waiting []string
	for _, k := range Kinds() {
		if !i.kinds[k.Name].synced.Load() {
			waiting = append(waiting, k.Name)
		}
	}
	if len(waiting) == 0 {
		return nil
	}
	return fmt.Errorf("waiting for %s", strings.Join(waiting, ", "))
}

// Get reads one object from the API server itself, nil if there is none, or none that can be read.
func (i *Informers) Get(ctx context.Context, ref mesh.Ref) (*mesh.Object, error) {
	k, ok := i.kinds[ref.Kind]
	if !ok {
		return nil, fmt.Errorf("read %s: not a kind of the mesh", ref)
	}
	live := k.live.Load()
	if live == nil {
		return nil, nil // the kind is not served
	}
	return live.get(ctx, ref)
}

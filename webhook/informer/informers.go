// Package informer watches every kind of the mesh in a cluster and keeps them in an assume.Cache, event by event. It
// reads single objects from the API server where a review needs certainty. Decisions do not belong here.
package informer

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/assume"
)

// Options are what Informers need.
type Options struct {
	// Config says where the API server is.
	Config *rest.Config
	// Cache gets the objects.
	Cache *assume.Cache
	// Discovery is how often a kind that is not served is asked for again; 3 s if zero.
	Discovery time.Duration
	Log       *slog.Logger
}

// Informers are those of every kind of the mesh. Kinds whose CRDs are not installed are picked up when they arrive.
type Informers struct {
	config    *rest.Config
	http      *http.Client
	mapper    meta.RESTMapper
	cache     *assume.Cache
	discovery time.Duration
	log       *slog.Logger
	kinds     map[string]*kindInformer // by mesh kind
}

// New returns Informers that have not started. It does not talk to the API server yet.
func New(o Options) (*Informers, error) {
	config := rest.CopyConfig(o.Config)
	// The items read themselves from JSON.
	config.ContentType, config.AcceptContentTypes = "application/json", "application/json"
	config.QPS, config.Burst = 50, 100
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	mapper, err := apiutil.NewDynamicRESTMapper(config, client)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	i := &Informers{config: config, http: client, mapper: mapper, cache: o.Cache,
		discovery: cmp.Or(o.Discovery, 3*time.Second), log: o.Log, kinds: map[string]*kindInformer{}}
	for _, k := range kinds() {
		i.kinds[k.name] = &kindInformer{Informers: i, kind: k}
	}
	return i, nil
}

// Start watches all kinds until ctx is done.
func (i *Informers) Start(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, k := range i.kinds {
		wg.Go(func() { k.run(ctx) })
	}
	wg.Wait()
	return nil
}

// Synced returns an error that names the kinds whose objects have not all arrived yet, nil where all have. A kind that
// is not served has none.
func (i *Informers) Synced() error {
	var waiting []string
	for _, k := range kinds() {
		if !i.kinds[k.name].synced.Load() {
			waiting = append(waiting, k.name)
		}
	}
	if len(waiting) == 0 {
		return nil
	}
	return fmt.Errorf("waiting for %s", strings.Join(waiting, ", "))
}

// Get reads one object from the API server itself, nil if there is none.
func (i *Informers) Get(ctx context.Context, ref mesh.Ref) (*mesh.Object, error) {
	k, ok := i.kinds[ref.Kind]
	if !ok {
		return nil, fmt.Errorf("read %s: not a kind of the mesh", ref)
	}
	return k.get(ctx, ref)
}

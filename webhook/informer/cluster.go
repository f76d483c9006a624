// Package informer keeps the mesh of a live cluster in a webhook.Store, event by event, and reads single objects from
// the API server where a review needs certainty. Decisions do not belong here.
package informer

import (
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
	"github.com/tlsward/tlsward/webhook"
)

// Options are what a Cluster needs.
type Options struct {
	// Config says where the API server is.
	Config *rest.Config
	// Store is kept.
	Store *webhook.Store
	// Poll is how often a kind that is not served is asked for again; 3 s if zero.
	Poll time.Duration
	Log  *slog.Logger
}

// Cluster follows every kind of the mesh. Kinds whose CRDs are not installed are picked up when they arrive.
type Cluster struct {
	config    *rest.Config
	http      *http.Client
	mapper    meta.RESTMapper
	store     *webhook.Store
	poll      time.Duration
	log       *slog.Logger
	followers map[string]*follower // by mesh kind
}

// New prepares to follow the cluster. It does not talk to the API server yet.
func New(o Options) (*Cluster, error) {
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
	c := &Cluster{config: config, http: client, mapper: mapper, store: o.Store, poll: o.Poll, log: o.Log,
		followers: map[string]*follower{}}
	if c.poll <= 0 {
		c.poll = 3 * time.Second
	}
	for _, k := range kinds() {
		c.followers[k.name] = &follower{cluster: c, kind: k}
	}
	return c, nil
}

// Run follows all kinds until ctx is done.
func (c *Cluster) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, f := range c.followers {
		wg.Go(func() { f.run(ctx) })
	}
	wg.Wait()
	return nil
}

// Synced names the kinds whose objects have not all arrived yet; nil is none. A kind that is not served has none.
func (c *Cluster) Synced() error {
	var waiting []string
	for _, k := range kinds() {
		if f := c.followers[k.name]; !f.known.Load() {
			waiting = append(waiting, k.name)
		}
	}
	if len(waiting) == 0 {
		return nil
	}
	return fmt.Errorf("waiting for %s", strings.Join(waiting, ", "))
}

// Fetch reads one object from the API server itself, nil if there is none.
func (c *Cluster) Fetch(ctx context.Context, ref mesh.Ref) (*mesh.Object, error) {
	f, ok := c.followers[ref.Kind]
	if !ok {
		return nil, fmt.Errorf("read %s: not a kind of the mesh", ref)
	}
	return f.fetch(ctx, ref)
}

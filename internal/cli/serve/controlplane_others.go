package serve

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/tlsward/tlsward/internal/istiod"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/assume"
)

// otherControlPlanes are those of other revisions than the one that Config names, as in a canary upgrade: watched while their Services
// are there, and judged once it is known how they are configured.
type otherControlPlanes struct {
	cache *assume.Cache
	asked chan struct{} // has an element where the revision of Config is another

	mu       sync.Mutex
	revision string                        // that of Config
	known    map[string]*otherControlPlane // by revision
	// settled reports whether all that were there at the start are known: what comes later holds up no review.
	settled bool
}

type otherControlPlane struct {
	*controlPlane
	stop func()
}

func newOtherControlPlanes(cache *assume.Cache, revision string) *otherControlPlanes {
	return &otherControlPlanes{cache: cache, revision: revision, asked: make(chan struct{}, 1), known: map[string]*otherControlPlane{}}
}

// want makes them those beside another revision.
func (o *otherControlPlanes) want(revision string) {
	o.mu.Lock()
	o.revision = revision
	o.mu.Unlock()
	select {
	case o.asked <- struct{}{}:
	default:
	}
}

// there returns the revisions of those that are there. o.mu is held.
func (o *otherControlPlanes) there() []string {
	own := cmp.Or(o.revision, mesh.DefaultRevision)
	return slices.DeleteFunc(o.cache.View().Stored.Revisions(), func(revision string) bool { return revision == own })
}

// inForce returns what was last seen of those of other revisions than one that can be judged.
func (o *otherControlPlanes) inForce(revision string) map[string]istiod.ControlPlane {
	o.mu.Lock()
	defer o.mu.Unlock()
	found := map[string]istiod.ControlPlane{}
	for name, c := range o.known {
		if name != cmp.Or(revision, mesh.DefaultRevision) && c.ready() == nil {
			found[name] = c.inForce()
		}
	}
	return found
}

// ready returns what is not known yet of those that are there once the mesh is known. Without the right to read how one is configured
// it is done without it, which is told.
func (o *otherControlPlanes) ready() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.settled {
		return nil
	}
	for _, revision := range o.there() {
		c, known := o.known[revision]
		if !known {
			return waitingFor("control plane "+revision, nil)
		}
		if err := c.ready(); err != nil && !c.isForbidden() {
			return err
		}
	}
	o.settled = true
	return nil
}

// told returns what a person should know of them.
func (o *otherControlPlanes) told() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var notes []string
	for _, revision := range slices.Sorted(maps.Keys(o.known)) {
		if note := o.known[revision].told(); note != "" {
			notes = append(notes, revision+": "+note)
		}
	}
	return strings.Join(notes, "; ")
}

// follow watches those that are there, and no others. It reports whether any has gone.
func (o *otherControlPlanes) follow(ctx context.Context, watches func(*controlPlane) []everyReplica, failed func(error)) (gone bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	revisions := o.there()
	for revision, c := range o.known {
		if !slices.Contains(revisions, revision) {
			c.stop()
			delete(o.known, revision)
			gone = true
		}
	}
	for _, revision := range revisions {
		if o.known[revision] != nil {
			continue
		}
		ctx, stop := context.WithCancel(ctx)
		c := newControlPlane(revision)
		c.awaited = true
		o.known[revision] = &otherControlPlane{c, stop}
		for _, watch := range watches(c) {
			go func() {
				if err := watch(ctx); err != nil {
					failed(err)
				}
			}()
		}
	}
	return gone
}

// isForbidden reports whether the ConfigMap may not be read.
func (c *controlPlane) isForbidden() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.own.known && apierrors.IsForbidden(c.own.unread)
}

// watchOthers watches the control planes of other revisions for as long as they are there.
func (r *reloader) watchOthers(watches func(*controlPlane) []everyReplica) everyReplica {
	return func(ctx context.Context) error {
		for ctx.Err() == nil {
			changed := r.cache.Changed()
			failed := func(err error) { r.s.log.Error("cannot watch a control plane", "error", err.Error()) }
			if r.others.follow(ctx, watches, failed) {
				r.useControlPlane()
			}
			select {
			case <-changed:
			case <-r.others.asked:
			case <-ctx.Done():
			}
		}
		return nil
	}
}

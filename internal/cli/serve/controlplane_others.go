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
	// tags are those that are webhook configurations, watched while there are others; unread is why they are not known.
	tags     map[string]string
	unread   error
	stopTags func()
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

// there returns the revisions of those that are there and followed, and how many more are there. o.mu is held.
func (o *otherControlPlanes) there() (followed []string, more int) {
	return istiod.OtherRevisions(o.revision, o.cache.View().Stored.Revisions())
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
	followed, _ := o.there()
	for _, revision := range followed {
		c, known := o.known[revision]
		if !known {
			return waitingFor("control plane "+revision, nil)
		}
		if err := c.ready(); err != nil && !c.isForbidden() {
			return err
		}
	}
	if o.stopTags != nil && o.tags == nil && !apierrors.IsForbidden(o.unread) {
		return waitingFor("tags", o.unread)
	}
	o.settled = true
	return nil
}

// told returns what a person should know of them.
func (o *otherControlPlanes) told() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var notes []string
	if o.unread != nil && o.tags == nil {
		notes = append(notes, "tags that are webhook configurations cannot be read: "+o.unread.Error())
	}
	for _, revision := range slices.Sorted(maps.Keys(o.known)) {
		if note := o.known[revision].told(); note != "" {
			notes = append(notes, revision+": "+note)
		}
	}
	if _, more := o.there(); more > 0 {
		notes = append(notes, istiod.NotFollowed(more))
	}
	return strings.Join(notes, "; ")
}

// follow watches those that are there, and no others. It reports whether any has gone.
func (o *otherControlPlanes) follow(ctx context.Context, watches func(*controlPlane) []everyReplica, tags everyReplica, failed func(error)) (gone bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	revisions, _ := o.there()
	o.followTags(ctx, len(revisions) > 0, tags, failed)
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

// followTags watches the tags while there are others. o.mu is held.
func (o *otherControlPlanes) followTags(ctx context.Context, wanted bool, watch everyReplica, failed func(error)) {
	switch {
	case wanted && o.stopTags == nil:
		ctx, stop := context.WithCancel(ctx)
		o.stopTags = stop
		go func() {
			if err := watch(ctx); err != nil {
				failed(err)
			}
		}()
	case !wanted && o.stopTags != nil:
		o.stopTags()
		o.stopTags, o.tags, o.unread = nil, nil, nil
	}
}

// seeTags takes the labels of the webhook configurations that are tags.
func (o *otherControlPlanes) seeTags(labels []map[string]string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stopTags == nil {
		return // they are not watched any more
	}
	o.tags = map[string]string{}
	for _, l := range labels {
		if tag, revision, ok := istiod.Tag(l); ok {
			o.tags[tag] = revision
		}
	}
}

// failTags takes why they cannot be read.
func (o *otherControlPlanes) failTags(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.unread = err
}

// tagsInForce returns the revisions by the tags that are webhook configurations, nil for none.
func (o *otherControlPlanes) tagsInForce() map[string]string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.tags) == 0 {
		return nil
	}
	return maps.Clone(o.tags)
}

// isForbidden reports whether the ConfigMap may not be read.
func (c *controlPlane) isForbidden() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.own.known && apierrors.IsForbidden(c.own.unread)
}

// watchOthers watches the control planes of other revisions for as long as they are there.
func (r *reloader) watchOthers(watches func(*controlPlane) []everyReplica, tags everyReplica) everyReplica {
	return func(ctx context.Context) error {
		for ctx.Err() == nil {
			changed := r.cache.Changed()
			failed := func(err error) { r.s.log.Error("cannot watch a control plane", "error", err.Error()) }
			if r.others.follow(ctx, watches, tags, failed) {
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

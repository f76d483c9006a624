package informer

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook"
)

// follower keeps the objects of one kind.
type follower struct {
	cluster *Cluster
	kind    kind
	// known is true once all objects are in the store, or the API server has said that there are none of this kind.
	known  atomic.Bool
	reader atomic.Pointer[client.Client] // reads past the cache; nil while the kind is not served
}

// run waits until the kind is served, then follows it until ctx is done. A CRD that is deleted takes its objects with
// it, event by event; one that comes back is picked up by the informer itself.
func (f *follower) run(ctx context.Context) {
	for ctx.Err() == nil {
		gvk, err := f.served()
		switch {
		case err == nil:
			if err = f.follow(ctx, gvk); err == nil {
				return
			}
			f.cluster.log.Error("cannot follow the cluster", "kind", f.kind.name, "error", err)
		case errors.Is(err, errNotServed):
			f.known.Store(true)
		default:
			f.cluster.log.Warn("cannot ask the API server what it serves", "kind", f.kind.name, "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(f.cluster.poll):
		}
	}
}

// errNotServed says that the API server has no such kind.
var errNotServed = errors.New("not served")

// served gives the version to read.
func (f *follower) served() (schema.GroupVersionKind, error) {
	for _, version := range f.kind.versions {
		_, err := f.cluster.mapper.RESTMapping(f.kind.group, version)
		if err == nil {
			return f.kind.group.WithVersion(version), nil
		}
		if !meta.IsNoMatchError(err) && !apierrors.IsNotFound(err) {
			return schema.GroupVersionKind{}, err
		}
	}
	return schema.GroupVersionKind{}, errNotServed
}

// follow runs an informer until ctx is done.
func (f *follower) follow(ctx context.Context, gvk schema.GroupVersionKind) error {
	c := f.cluster
	scheme := schemeFor(gvk)
	reader, err := client.New(c.config, client.Options{HTTPClient: c.http, Scheme: scheme, Mapper: c.mapper})
	if err != nil {
		return err
	}
	f.reader.Store(&reader)
	objects, err := cache.New(c.config, cache.Options{HTTPClient: c.http, Scheme: scheme, Mapper: c.mapper})
	if err != nil {
		return err
	}
	informer, err := objects.GetInformer(ctx, &item{}, cache.BlockUntilSynced(false))
	if err != nil {
		return err
	}
	registration, err := informer.AddEventHandler(f.handler())
	if err != nil {
		return err
	}
	c.log.Info("following", "kind", f.kind.name, "version", gvk.GroupVersion().String())
	go f.awaitSync(ctx, registration)
	return objects.Start(ctx)
}

// awaitSync notes when the first list has reached the store.
func (f *follower) awaitSync(ctx context.Context, registration toolscache.ResourceEventHandlerRegistration) {
	if toolscache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
		f.known.Store(true)
	}
}

func (f *follower) handler() toolscache.ResourceEventHandler {
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { f.put(o) },
		UpdateFunc: func(_, o any) { f.put(o) },
		DeleteFunc: func(o any) {
			if gone, ok := o.(toolscache.DeletedFinalStateUnknown); ok {
				o = gone.Obj
			}
			if i, ok := o.(*item); ok {
				f.cluster.store.Remove(f.ref(i), version(i))
			}
		},
	}
}

// put takes an object over. One that cannot be read counts as absent: Istio cannot read it either.
func (f *follower) put(o any) {
	i, ok := o.(*item)
	if !ok {
		return
	}
	if i.err != nil || i.object == nil {
		f.cluster.log.Warn("an object in the cluster cannot be read, and is left out",
			"object", f.ref(i).String(), "resourceVersion", i.ResourceVersion, "error", fmt.Sprint(i.err))
		f.cluster.store.Remove(f.ref(i), version(i))
		return
	}
	f.cluster.store.Put(i.object, version(i))
}

// fetch reads one object, nil if there is none, or none that can be read.
func (f *follower) fetch(ctx context.Context, ref mesh.Ref) (*mesh.Object, error) {
	reader := f.reader.Load()
	if reader == nil {
		return nil, nil
	}
	var i item
	err := (*reader).Get(ctx, client.ObjectKey{Namespace: ref.Namespace, Name: ref.Name}, &i)
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", ref, err)
	case i.err != nil:
		return nil, nil
	default:
		return i.object, nil
	}
}

func (f *follower) ref(i *item) mesh.Ref {
	return mesh.Ref{Kind: f.kind.name, Namespace: i.Namespace, Name: i.Name}
}

func version(i *item) webhook.Version {
	return webhook.Version{UID: string(i.UID), ResourceVersion: i.ResourceVersion}
}

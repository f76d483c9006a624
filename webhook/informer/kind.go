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
	"github.com/tlsward/tlsward/webhook/assume"
)

// kindInformer keeps the objects of one kind in the cache.
type kindInformer struct {
	*Informers
	kind kind
	// synced is set once all objects are in the cache, or the API server has said that there are none of this kind.
	synced atomic.Bool
	reader atomic.Pointer[client.Client] // reads past the cache; nil while the kind is not served
}

// run waits until the kind is served, then watches it until ctx is done. A CRD that is deleted takes its objects with
// it, event by event; one that comes back is picked up by the informer itself.
func (k *kindInformer) run(ctx context.Context) {
	for ctx.Err() == nil {
		gvk, err := k.served()
		switch {
		case err == nil:
			if err = k.watch(ctx, gvk); err == nil {
				return
			}
			k.log.Error("cannot watch the cluster", "kind", k.kind.name, "error", err)
		case errors.Is(err, errNotServed):
			k.synced.Store(true)
		default:
			k.log.Warn("cannot ask the API server what it serves", "kind", k.kind.name, "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(k.discovery):
		}
	}
}

// errNotServed says that the API server has no such kind.
var errNotServed = errors.New("not served")

// served returns the version to read.
func (k *kindInformer) served() (schema.GroupVersionKind, error) {
	for _, version := range k.kind.versions {
		_, err := k.mapper.RESTMapping(k.kind.group, version)
		if err == nil {
			return k.kind.group.WithVersion(version), nil
		}
		if !meta.IsNoMatchError(err) && !apierrors.IsNotFound(err) {
			return schema.GroupVersionKind{}, err
		}
	}
	return schema.GroupVersionKind{}, errNotServed
}

// watch runs an informer until ctx is done.
func (k *kindInformer) watch(ctx context.Context, gvk schema.GroupVersionKind) error {
	scheme := schemeFor(gvk)
	reader, err := client.New(k.config, client.Options{HTTPClient: k.http, Scheme: scheme, Mapper: k.mapper})
	if err != nil {
		return err
	}
	k.reader.Store(&reader)
	objects, err := cache.New(k.config, cache.Options{HTTPClient: k.http, Scheme: scheme, Mapper: k.mapper})
	if err != nil {
		return err
	}
	informer, err := objects.GetInformer(ctx, &item{}, cache.BlockUntilSynced(false))
	if err != nil {
		return err
	}
	registration, err := informer.AddEventHandler(k.handler())
	if err != nil {
		return err
	}
	k.log.Info("watching", "kind", k.kind.name, "version", gvk.GroupVersion().String())
	go k.awaitSync(ctx, registration)
	return objects.Start(ctx)
}

// awaitSync notes when the first list has reached the cache.
func (k *kindInformer) awaitSync(ctx context.Context, registration toolscache.ResourceEventHandlerRegistration) {
	if toolscache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
		k.synced.Store(true)
	}
}

func (k *kindInformer) handler() toolscache.ResourceEventHandler {
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { k.put(o) },
		UpdateFunc: func(_, o any) { k.put(o) },
		DeleteFunc: func(o any) {
			if gone, ok := o.(toolscache.DeletedFinalStateUnknown); ok {
				o = gone.Obj
			}
			if i, ok := o.(*item); ok {
				k.cache.Delete(k.ref(i), version(i))
			}
		},
	}
}

// put takes an object over. One that cannot be read counts as absent: Istio cannot read it either.
func (k *kindInformer) put(o any) {
	i, ok := o.(*item)
	if !ok {
		return
	}
	if i.err != nil || i.object == nil {
		k.log.Warn("an object in the cluster cannot be read, and is left out",
			"object", k.ref(i).String(), "resourceVersion", i.ResourceVersion, "error", fmt.Sprint(i.err))
		k.cache.Delete(k.ref(i), version(i))
		return
	}
	k.cache.Put(i.object, version(i))
}

// get reads one object, nil if there is none, or none that can be read.
func (k *kindInformer) get(ctx context.Context, ref mesh.Ref) (*mesh.Object, error) {
	reader := k.reader.Load()
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

func (k *kindInformer) ref(i *item) mesh.Ref {
	return mesh.Ref{Kind: k.kind.name, Namespace: i.Namespace, Name: i.Name}
}

func version(i *item) assume.Version {
	return assume.Version{UID: string(i.UID), ResourceVersion: i.ResourceVersion}
}

package informer

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/assume"
)

// kindInformer keeps the objects of one kind in the cache.
type kindInformer struct {
	*Informers
	kind Kind
	// synced is set once all objects are in the cache, or the API server has said that there are none of this kind.
	synced atomic.Bool
	// live reads past the cache; nil while the kind is not served.
	live atomic.Pointer[reader]
}

// start waits until the kind is served, then has the manager's cache watch it. A CRD that is deleted takes its objects
// with it, event by event; one that comes back is picked up by the informer itself.
func (k *kindInformer) start(ctx context.Context) {
	for ctx.Err() == nil {
		mapping, err := k.served()
		switch {
		case err == nil:
			if err = k.watch(ctx, mapping); err == nil {
				return
			}
			k.log.Error("cannot watch the cluster", "kind", k.kind.Name, "error", err)
		case errors.Is(err, errNotServed):
			k.synced.Store(true)
		default:
			k.log.Warn("cannot ask the API server what it serves", "kind", k.kind.Name, "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(k.discovery):
		}
	}
}

// errNotServed says that the API server has no such kind.
var errNotServed = errors.New("not served")

// served returns where the kind is served, of its versions the first.
func (k *kindInformer) served() (*meta.RESTMapping, error) {
	for _, version := range k.kind.Versions {
		mapping, err := k.cluster.GetRESTMapper().RESTMapping(k.kind.GroupKind, version)
		if err == nil {
			return mapping, nil
		}
		if !meta.IsNoMatchError(err) && !apierrors.IsNotFound(err) {
			return nil, err
		}
	}
	return nil, errNotServed
}

// watch adds the kind's informer to the manager's cache.
func (k *kindInformer) watch(ctx context.Context, mapping *meta.RESTMapping) error {
	live, err := newReader(k.cluster, mapping)
	if err != nil {
		return err
	}
	k.live.Store(live)
	informer, err := k.cluster.GetCache().GetInformerForKind(ctx, mapping.GroupVersionKind, cache.BlockUntilSynced(false))
	if err != nil {
		return err
	}
	registration, err := informer.AddEventHandler(k.handler())
	if err != nil {
		return err
	}
	k.log.Info("watching", "kind", k.kind.Name, "version", mapping.GroupVersionKind.GroupVersion().String())
	if toolscache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
		k.synced.Store(true)
	}
	return nil
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

func (k *kindInformer) ref(i *item) mesh.Ref {
	return mesh.Ref{Kind: k.kind.Name, Namespace: i.Namespace, Name: i.Name}
}

func version(i *item) assume.Version {
	return assume.Version{UID: string(i.UID), ResourceVersion: i.ResourceVersion}
}

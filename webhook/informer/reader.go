package informer

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/cluster"

	"github.com/tlsward/tlsward/mesh"
)

// reader reads the objects of one kind from the API server itself. The manager's own client cannot: it tells the kind by
// the Go type, which all kinds share here.
type reader struct {
	client  rest.Interface
	mapping *meta.RESTMapping
}

func newReader(c cluster.Cluster, mapping *meta.RESTMapping) (*reader, error) {
	client, err := apiutil.RESTClientForGVK(mapping.GroupVersionKind, false, false, c.GetConfig(),
		serializer.NewCodecFactory(c.GetScheme()), c.GetHTTPClient())
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	return &reader{client: client, mapping: mapping}, nil
}

// get returns one object, nil if there is none, or none that can be read: it means nothing to Istio either.
func (r *reader) get(ctx context.Context, ref mesh.Ref) (*mesh.Object, error) {
	namespaced := r.mapping.Scope.Name() == meta.RESTScopeNameNamespace
	raw, err := r.client.Get().NamespaceIfScoped(ref.Namespace, namespaced).Resource(r.mapping.Resource.Resource).
		Name(ref.Name).Do(ctx).Raw()
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", ref, err)
	}
	object, err := mesh.Decode(raw)
	if err != nil {
		return nil, nil
	}
	return object, nil
}

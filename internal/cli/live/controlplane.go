package live

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/tlsward/tlsward/internal/istiod"
	"github.com/tlsward/tlsward/internal/manifests"
)

// ControlPlane returns the objects of a cluster that configure the control plane of a revision, and notes on those that are
// not there or that the user may not read.
func ControlPlane(ctx context.Context, client dynamic.Interface, revision string) ([]manifests.Document, []string, error) {
	name := istiod.MeshConfigName(revision)
	what := "ConfigMap " + istiod.Namespace + "/" + name
	configMaps := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}).Namespace(istiod.Namespace)
	o, err := configMaps.Get(ctx, name, meta.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, []string{what + " is not there: the MeshConfig is taken to be Istio's default"}, nil
	case apierrors.IsForbidden(err):
		return nil, []string{"the cluster's user may not read " + what + ": the MeshConfig is taken to be Istio's default"}, nil
	case err != nil:
		return nil, nil, fmt.Errorf("read %s: %w", what, err)
	}
	raw, err := o.MarshalJSON()
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", what, err)
	}
	d, err := manifests.Object(Source, raw)
	return []manifests.Document{d}, nil, err
}

package live

import (
	"context"
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
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
	r := &controlPlaneReader{client: client}
	deployment := r.read(ctx, "apps", "Deployment", "deployments", istiod.DeploymentName(revision), "istiod's version and flags are taken to be the usual ones")
	if shared := sharedMeshConfig(deployment); shared != "" {
		r.read(ctx, "", "ConfigMap", "configmaps", shared, "nothing is laid below the MeshConfig")
	}
	r.read(ctx, "", "ConfigMap", "configmaps", istiod.MeshConfigName(revision), "the MeshConfig is taken to be Istio's default")
	return r.docs, r.notes, r.err
}

// Tags returns the webhook configurations of a cluster that are tags of control planes, and a note where the user may not list them.
func Tags(ctx context.Context, client dynamic.Interface) ([]manifests.Document, []string, error) {
	resource := schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "mutatingwebhookconfigurations"}
	list, err := client.Resource(resource).List(ctx, meta.ListOptions{LabelSelector: istiod.TagSelector})
	if apierrors.IsForbidden(err) {
		return nil, []string{"the cluster's user may not list " + resource.Resource + ": tags that are such count as none"}, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", resource.Resource, err)
	}
	var docs []manifests.Document
	for i := range list.Items {
		raw, err := list.Items[i].MarshalJSON()
		if err != nil {
			return nil, nil, fmt.Errorf("read %s %s: %w", istiod.TagKind, list.Items[i].GetName(), err)
		}
		d, err := manifests.Object(Source, raw)
		if err != nil {
			return nil, nil, err
		}
		docs = append(docs, d)
	}
	return docs, nil, nil
}

// controlPlaneReader reads objects of istiod's namespace, until one fails.
type controlPlaneReader struct {
	client dynamic.Interface
	docs   []manifests.Document
	notes  []string
	err    error
}

// read returns an object (JSON), nil where it cannot be had; else says what follows from that.
func (r *controlPlaneReader) read(ctx context.Context, group, kind, resource, name, otherwise string) []byte {
	if r.err != nil {
		return nil
	}
	what := fmt.Sprintf("%s %s/%s", kind, istiod.Namespace, name)
	o, err := r.client.Resource(schema.GroupVersionResource{Group: group, Version: "v1", Resource: resource}).Namespace(istiod.Namespace).
		Get(ctx, name, meta.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		r.notes = append(r.notes, what+" is not there: "+otherwise)
		return nil
	case apierrors.IsForbidden(err):
		r.notes = append(r.notes, "the cluster's user may not read "+what+": "+otherwise)
		return nil
	}
	var raw []byte
	if err == nil {
		raw, err = o.MarshalJSON()
	}
	var d manifests.Document
	if err == nil {
		d, err = manifests.Object(Source, raw)
	}
	if err != nil {
		r.err = fmt.Errorf("read %s: %w", what, err)
		return nil
	}
	r.docs = append(r.docs, d)
	return raw
}

// sharedMeshConfig returns the name of the ConfigMap that an istiod's Deployment (JSON) shares with others, "" for none.
func sharedMeshConfig(raw []byte) string {
	var deployment appsv1.Deployment
	if raw == nil || json.Unmarshal(raw, &deployment) != nil {
		return "" // offline tells what cannot be read
	}
	return istiod.ControlPlane{Deployment: istiod.ReadDeployment(&deployment)}.SharedMeshConfig()
}

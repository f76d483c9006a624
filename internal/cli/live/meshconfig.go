package live

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"
)

const (
	// istioNamespace is where istiod is installed by default.
	istioNamespace = "istio-system"
	// meshConfigKey is the key of the MeshConfig in Istio's ConfigMap (istio.io/istio pkg/config/mesh/kubemesh).
	meshConfigKey = "mesh"
)

// meshConfigName returns the name of the ConfigMap with the MeshConfig of a revision (istio.io/istio
// pilot/pkg/bootstrap/mesh.go getMeshConfigMapName).
func meshConfigName(revision string) string {
	if revision == "" || revision == "default" {
		return "istio"
	}
	return "istio-" + revision
}

// MeshConfig returns the MeshConfig of a revision as JSON. It is nil where the ConfigMap is not there or the user may not
// read it, and then the note says so.
func MeshConfig(ctx context.Context, client dynamic.Interface, revision string) (raw json.RawMessage, note string, err error) {
	name := meshConfigName(revision)
	what := "ConfigMap " + istioNamespace + "/" + name
	configMaps := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}).Namespace(istioNamespace)
	o, err := configMaps.Get(ctx, name, meta.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, what + " is not there: the MeshConfig is taken to be Istio's default", nil
	case apierrors.IsForbidden(err):
		return nil, "the cluster's user may not read " + what + ": the MeshConfig is taken to be Istio's default", nil
	case err != nil:
		return nil, "", fmt.Errorf("read %s: %w", what, err)
	}
	if raw, err = meshConfigIn(o); err != nil {
		return nil, "", fmt.Errorf("%s: %w", what, err)
	}
	return raw, "", nil
}

func meshConfigIn(configMap *unstructured.Unstructured) (json.RawMessage, error) {
	text, found, err := unstructured.NestedString(configMap.Object, "data", meshConfigKey)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("there is no key %q", meshConfigKey)
	}
	raw, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("key %q: %w", meshConfigKey, err)
	}
	return raw, nil
}

package istiod

import (
	"encoding/json"
	"fmt"

	"sigs.k8s.io/yaml"
)

// Namespace is where istiod is installed by default.
const Namespace = "istio-system"

// meshConfigKey is the key of the MeshConfig in a ConfigMap (pkg/config/mesh/kubemesh MeshConfigKey).
const meshConfigKey = "mesh"

// MeshConfigName returns the name of the ConfigMap with the MeshConfig of a revision (pilot/pkg/bootstrap/mesh.go
// getMeshConfigMapName).
func MeshConfigName(revision string) string {
	if revision == "" || revision == "default" {
		return "istio"
	}
	return "istio-" + revision
}

// MeshConfig returns the MeshConfig in a ConfigMap's data as JSON, nil where there is none: then Istio's defaults hold
// (pkg/config/mesh/kubemesh meshConfigMapData).
func MeshConfig(data map[string]string) (json.RawMessage, error) {
	text, ok := data[meshConfigKey]
	if !ok {
		return nil, nil
	}
	raw, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("key %q: %w", meshConfigKey, err)
	}
	if string(raw) == "null" { // an empty text
		return nil, nil
	}
	return raw, nil
}

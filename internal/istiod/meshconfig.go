package istiod

import (
	"encoding/json"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/mesh"
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

// RevisionOf returns the revision of the control plane that an object of its namespace configures: a Deployment by its name, or a
// ConfigMap by that of its MeshConfig. ok is false for any other name.
func RevisionOf(kind, name string) (revision string, ok bool) {
	prefix := map[string]string{"Deployment": DeploymentName(""), "ConfigMap": MeshConfigName("")}[kind]
	if name == prefix {
		return mesh.DefaultRevision, prefix != ""
	}
	revision, ok = strings.CutPrefix(name, prefix+"-")
	return revision, ok && prefix != "" && revision != ""
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

package oracle

import (
	"encoding/json"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// Document is one Kubernetes object in its JSON form.
type Document map[string]any

// Mesh is a set of objects, in the order in which they were made.
type Mesh []Document

// Kind returns the object's kind; a Gateway of the Gateway API is KubernetesGateway.
func (d Document) Kind() string {
	kind, _ := d["kind"].(string)
	if version, _ := d["apiVersion"].(string); kind == "Gateway" && strings.HasPrefix(version, "gateway.networking") {
		return "KubernetesGateway"
	}
	return kind
}

// Namespace returns metadata.namespace.
func (d Document) Namespace() string { return d.meta("namespace") }

// Name returns metadata.name.
func (d Document) Name() string { return d.meta("name") }

func (d Document) meta(field string) string {
	value, _ := d.metadata()[field].(string)
	return value
}

func (d Document) metadata() map[string]any {
	meta, _ := d["metadata"].(map[string]any)
	return meta
}

// Spec returns the object's spec, nil if it has none.
func (d Document) Spec() map[string]any {
	spec, _ := d["spec"].(map[string]any)
	return spec
}

// JSON returns the object as the API server would send it.
func (d Document) JSON() []byte {
	raw, err := json.Marshal(d)
	if err != nil {
		panic(fmt.Sprintf("a generated object cannot be written as JSON: %v", err))
	}
	return raw
}

// Clone returns a deep copy that shares nothing with d.
func (d Document) Clone() Document {
	return cloneValue(map[string]any(d)).(map[string]any)
}

// YAML returns the mesh as kubectl would read it.
func (m Mesh) YAML() string {
	parts := make([]string, 0, len(m))
	for _, d := range m {
		raw, err := yaml.Marshal(map[string]any(d))
		if err != nil {
			raw = []byte(err.Error())
		}
		parts = append(parts, string(raw))
	}
	return strings.Join(parts, "---\n")
}

// ParseMesh reads a YAML stream of objects.
func ParseMesh(text string) (Mesh, error) {
	var m Mesh
	for i, part := range strings.Split("\n"+text, "\n---\n") {
		var d Document
		if err := yaml.Unmarshal([]byte(part), &d); err != nil {
			return nil, fmt.Errorf("read object %d: %w", i, err)
		}
		if len(d) > 0 {
			m = append(m, d)
		}
	}
	return m, nil
}

func cloneValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = cloneValue(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = cloneValue(e)
		}
		return out
	default:
		return v
	}
}

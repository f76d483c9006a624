package admission

import (
	"fmt"
	"reflect"
	"strings"

	kjson "sigs.k8s.io/json"
)

// tree is an object as plain JSON values, which is how policies read it.
type tree map[string]any

// readTree returns nil for no object. It leaves out managedFields: half of an object's text, the API server's own
// bookkeeping, and nothing to judge by.
func readTree(raw []byte) (tree, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var t tree
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &t); err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	if metadata, ok := t["metadata"].(map[string]any); ok {
		delete(metadata, "managedFields")
	}
	return t, nil
}

// metadata returns a text of the object's metadata, "" where there is none.
func (t tree) metadata(key string) string {
	metadata, _ := t["metadata"].(map[string]any)
	text, _ := metadata[key].(string)
	return text
}

// deleted reports whether the object has a deletionTimestamp.
func (t tree) deleted() bool {
	metadata, _ := t["metadata"].(map[string]any)
	return metadata["deletionTimestamp"] != nil
}

// sameForIstio reports whether two states of an object are one to Istio: it reads the spec, the labels, the annotations
// and, where there is one, the status (pilot/pkg/config/kube/crdclient/client.go TranslateObject).
func (t tree) sameForIstio(other tree) bool {
	metadata, _ := t["metadata"].(map[string]any)
	otherMetadata, _ := other["metadata"].(map[string]any)
	return reflect.DeepEqual(t["spec"], other["spec"]) && reflect.DeepEqual(metadata["labels"], otherMetadata["labels"]) &&
		reflect.DeepEqual(metadata["annotations"], otherMetadata["annotations"]) &&
		(t["status"] == nil || reflect.DeepEqual(t["status"], other["status"]))
}

// lacksNamespace reports whether an object of Istio's does not name its namespace. The API server sees to it that each
// does; other clients may leave it to the request.
func (t tree) lacksNamespace() bool {
	apiVersion, _ := t["apiVersion"].(string)
	return t.metadata("namespace") == "" && strings.Contains(apiVersion, ".istio.io/")
}

func (t tree) setNamespace(namespace string) {
	metadata, ok := t["metadata"].(map[string]any)
	if !ok {
		metadata = map[string]any{}
		t["metadata"] = metadata
	}
	metadata["namespace"] = namespace
}

package manifests

import (
	"encoding/json"
	"fmt"
)

// Head is what every Kubernetes object carries whatever its kind: metav1.TypeMeta, and of metav1.ObjectMeta what names
// the object and whether it is being deleted.
type Head struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
		// DeletionTimestamp is nil unless the object is kept by its finalizers alone.
		DeletionTimestamp *string `json:"deletionTimestamp"`
	} `json:"metadata"`
}

// ReadHead reads the head of an object (JSON). It returns what could be read beside the error, which is a
// *json.UnmarshalTypeError where a field has a value of the wrong type.
func ReadHead(raw []byte) (Head, error) {
	var h Head
	err := json.Unmarshal(raw, &h)
	return h, err
}

// String returns "Kind namespace/name", or "Kind name" for what has no namespace.
func (h Head) String() string {
	if h.Metadata.Namespace == "" {
		return h.Kind + " " + h.Metadata.Name
	}
	return h.Kind + " " + h.Metadata.Namespace + "/" + h.Metadata.Name
}

// SetNamespace returns the object (JSON) with metadata.namespace set. All else stays as it is written, numbers too.
func SetNamespace(raw []byte, namespace string) ([]byte, error) {
	var object, metadata map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	if given, ok := object["metadata"]; ok {
		if err := json.Unmarshal(given, &metadata); err != nil {
			return nil, fmt.Errorf("read object: metadata: %w", err)
		}
	}
	if metadata == nil {
		metadata = map[string]json.RawMessage{}
	}
	var err error
	if metadata["namespace"], err = json.Marshal(namespace); err != nil {
		return nil, fmt.Errorf("write the namespace: %w", err)
	}
	if object == nil {
		object = map[string]json.RawMessage{}
	}
	if object["metadata"], err = json.Marshal(metadata); err != nil {
		return nil, fmt.Errorf("write object: %w", err)
	}
	return json.Marshal(object)
}

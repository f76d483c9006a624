package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tlsward/tlsward/mesh"
)

// head is what every object says of itself.
type head struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name              string  `json:"name"`
		Namespace         string  `json:"namespace"`
		DeletionTimestamp *string `json:"deletionTimestamp"`
	} `json:"metadata"`
}

// errNoObject is the fault of a review without the object that its operation is about.
var errNoObject = errors.New("there is no object")

// readHead reads an object's head. The error names the field that has the wrong type.
func readHead(raw []byte) (head, error) {
	var h head
	if len(raw) == 0 {
		return h, errNoObject
	}
	if err := json.Unmarshal(raw, &h); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) && wrong.Field != "" {
			return h, fmt.Errorf("%s: field %s has a %s, want %s", h.name(), wrong.Field, wrong.Value, wrong.Type)
		}
		return h, fmt.Errorf("read object: %w", err)
	}
	return h, nil
}

// mutable says whether there is a mutator for the kind.
func (h head) mutable() bool {
	return strings.HasPrefix(h.APIVersion, "networking.istio.io/") &&
		(h.Kind == mesh.KindServiceEntry || h.Kind == mesh.KindDestinationRule)
}

// name names the object as a person would, with what is known of it.
func (h head) name() string {
	if h.Kind == "" {
		return "object"
	}
	return mesh.Ref{Kind: h.Kind, Namespace: h.Metadata.Namespace, Name: h.Metadata.Name}.String()
}

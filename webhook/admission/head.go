package admission

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/mesh"
)

// errNoObject is the fault of a review without the object that its operation is about.
var errNoObject = errors.New("there is no object")

// readHead reads an object's head. The error names the field that has the wrong type.
func readHead(raw []byte) (manifests.Head, error) {
	if len(raw) == 0 {
		return manifests.Head{}, errNoObject
	}
	h, err := manifests.ReadHead(raw)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return h, nil
	case errors.As(err, &wrong) && wrong.Field != "":
		return h, fmt.Errorf("%s: field %s has a %s, want %s", name(h), wrong.Field, wrong.Value, wrong.Type)
	default:
		return h, fmt.Errorf("read object: %w", err)
	}
}

// mutable reports whether there is a mutator for the kind.
func mutable(h manifests.Head) bool {
	return strings.HasPrefix(h.APIVersion, "networking.istio.io/") &&
		(h.Kind == mesh.KindServiceEntry || h.Kind == mesh.KindDestinationRule)
}

// name returns the object's name as a person would say it, with what is known of it.
func name(h manifests.Head) string {
	if h.Kind == "" {
		return "object"
	}
	return h.String()
}

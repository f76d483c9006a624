package structural

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	kjson "sigs.k8s.io/json"
)

// Invalid is a value for which the API server, or Istio's own webhook, refuses the object.
type Invalid struct {
	// Path leads to the value, or to where it is missing, from the object's root: spec.ports[0].number.
	Path string
	// Problem says what is wrong, in a few words.
	Problem string
	// Missing says that there is no value.
	Missing bool
}

// String returns where what is wrong.
func (i Invalid) String() string { return i.Path + i.Problem }

// Validate returns for what in an object (JSON) the API server refuses it: what its kind's CRD says of types, of what is required,
// of enums, bounds and patterns. Rules in CEL are left to the API server but for those on ports and wildcards. Objects of
// Kubernetes' own kinds are not looked at. The order is that of the paths.
func Validate(apiVersion, kind string, raw []byte) ([]Invalid, error) {
	group, _, _ := strings.Cut(apiVersion, "/")
	crds, err := ofCRDs()
	if err != nil || crds[group+"/"+kind] == nil {
		return nil, err
	}
	var object map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &object); err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	delete(object, "status") // the API server drops it before it looks: it is written at a subresource
	found := append(invalidName(object), crds[group+"/"+kind].validate("", object)...)
	return append(found, invalidHosts(kind, object)...), nil
}

func missing(path string) Invalid { return Invalid{Path: path, Problem: " is missing", Missing: true} }

// invalidName returns what is wrong with the name: one that generateName begins is made by the API server.
func invalidName(object map[string]any) []Invalid {
	metadata, _ := object["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	prefix, _ := metadata["generateName"].(string)
	switch {
	case name == "" && prefix == "":
		return []Invalid{missing("metadata.name")}
	case name != "" && validation.IsDNS1123Subdomain(name) != nil:
		return []Invalid{{Path: "metadata.name", Problem: fmt.Sprintf(": want lower case letters, digits, '-' and '.', have %q", name)}}
	}
	return nil
}

// validate returns what is wrong with a value, one that is null being none.
func (f *Fields) validate(path string, value any) []Invalid {
	if f == nil || value == nil {
		return nil
	}
	if !f.isOfType(value) {
		return []Invalid{{Path: path, Problem: fmt.Sprintf(": want %s, have %s", typeNames()[f.Type], show(value))}}
	}
	switch value := value.(type) {
	case map[string]any:
		return f.validateObject(path, value)
	case []any:
		return f.validateList(path, value)
	case string:
		return f.validateText(path, value)
	case int64:
		return f.validateNumber(path, float64(value), value)
	case float64:
		return f.validateNumber(path, value, value)
	}
	return nil
}

func (f *Fields) validateObject(path string, object map[string]any) []Invalid {
	var found []Invalid
	for _, name := range f.Required {
		if object[name] == nil {
			found = append(found, missing(strings.TrimPrefix(path+"."+name, ".")))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		field := f.Properties[name]
		if field == nil {
			field = f.Values
		}
		found = append(found, field.validate(strings.TrimPrefix(path+"."+name, "."), object[name])...)
	}
	return found
}

func (f *Fields) validateList(path string, list []any) []Invalid {
	switch {
	case len(list) == 0 && f.MinItems > 0:
		return []Invalid{{Path: path, Problem: " is empty"}}
	case len(list) < f.MinItems:
		return []Invalid{{Path: path, Problem: fmt.Sprintf(": want %d items at least, have %d", f.MinItems, len(list))}}
	case f.MaxItems > 0 && len(list) > f.MaxItems:
		return []Invalid{{Path: path, Problem: fmt.Sprintf(": want %d items at most, have %d", f.MaxItems, len(list))}}
	}
	var found []Invalid
	for i, item := range list {
		found = append(found, f.Items.validate(fmt.Sprintf("%s[%d]", path, i), item)...)
	}
	return found
}

func (f *Fields) validateText(path, text string) []Invalid {
	switch length := len([]rune(text)); {
	case len(f.Enum) > 0 && !slices.Contains(f.Enum, text):
		return []Invalid{{Path: path, Problem: fmt.Sprintf(": %q is none of %s%s", text, strings.Join(f.Enum, ", "), didYouMean(nearest(text, f.Enum)))}}
	case f.NoWildcard && text == "*":
		return []Invalid{{Path: path, Problem: `: "*" alone stands for no host here`}}
	case text == "" && f.MinLength > 0:
		return []Invalid{{Path: path, Problem: " is empty"}}
	case length < f.MinLength:
		return []Invalid{{Path: path, Problem: fmt.Sprintf(": want %d characters at least, have %q", f.MinLength, text)}}
	case f.MaxLength > 0 && length > f.MaxLength:
		return []Invalid{{Path: path, Problem: fmt.Sprintf(": want %d characters at most, have %d", f.MaxLength, length)}}
	case f.Pattern != "":
		if ok, err := regexp.MatchString(f.Pattern, text); err == nil && !ok {
			return []Invalid{{Path: path, Problem: fmt.Sprintf(": %q does not match %s", text, f.Pattern)}}
		}
	}
	return nil
}

// validateNumber takes the number as it is compared, and as it is shown.
func (f *Fields) validateNumber(path string, number float64, shown any) []Invalid {
	tooLow, tooHigh := f.Minimum != nil && number < *f.Minimum, f.Maximum != nil && number > *f.Maximum
	switch {
	case !tooLow && !tooHigh:
		return nil
	case f.Minimum != nil && f.Maximum != nil:
		return []Invalid{{Path: path, Problem: fmt.Sprintf(": want %.0f to %.0f, have %v", *f.Minimum, *f.Maximum, shown)}}
	case tooLow:
		return []Invalid{{Path: path, Problem: fmt.Sprintf(": want %v or more, have %v", *f.Minimum, shown)}}
	}
	return []Invalid{{Path: path, Problem: fmt.Sprintf(": want %v or less, have %v", *f.Maximum, shown)}}
}

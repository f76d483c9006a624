package fixes

import (
	"errors"
	"fmt"
	"strings"

	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/internal/jsonpath"
)

// Change is a fix that sets fields of one object: data.tlsward.lib.set_fields writes it.
type Change struct {
	Kind, Namespace, Name string
	// Comments are the fix's other comment lines, without "# ".
	Comments []string
	// Fields holds the new values by path (spec.rules[0].from[+]); nil removes the field.
	Fields map[string]any
}

// objectHeader matches the line that names the object.
const objectHeader = "# in "

// Parse reads a fix. ok is false for a fix that is not a change: an object of its own, or words alone.
func Parse(fix string) (c Change, ok bool, err error) {
	named := false
	for line := range strings.Lines(fix) {
		line = strings.TrimRight(line, "\n")
		switch rest, found := strings.CutPrefix(line, objectHeader); {
		case found && !named:
			named = c.name(rest)
		case strings.HasPrefix(line, "#"):
			c.Comments = append(c.Comments, strings.TrimSpace(strings.TrimPrefix(line, "#")))
		}
	}
	if !named {
		return Change{}, false, nil
	}
	if c.Fields, err = unmarshal(fix); err != nil {
		return Change{}, false, fmt.Errorf("read fix for %s: %w", c.Name, err)
	}
	return c, len(c.Fields) > 0, nil
}

// unmarshal reads the YAML of a fix. JSON, which the built-in policies write, is read as such: that is much faster.
func unmarshal(fix string) (map[string]any, error) {
	var object map[string]any
	if body := withoutComments(fix); strings.HasPrefix(body, "{") {
		if err := kjson.UnmarshalCaseSensitivePreserveInts([]byte(body), &object); err == nil {
			return object, nil
		}
	}
	err := yaml.Unmarshal([]byte(fix), &object)
	return object, err
}

// withoutComments returns what follows the comment lines at the top.
func withoutComments(text string) string {
	for strings.HasPrefix(text, "#") {
		_, text, _ = strings.Cut(text, "\n")
	}
	return text
}

// kubernetesGateway is how messages name the kind that the mesh calls KubernetesGateway.
const kubernetesGateway = "Gateway (gateway.networking.k8s.io)"

// name reads "Kind namespace/name", and reports whether text is that.
func (c *Change) name(text string) bool {
	kind, name, found := strings.Cut(strings.Replace(text, kubernetesGateway, "KubernetesGateway", 1), " ")
	if !found || strings.Contains(name, " ") {
		return false
	}
	c.Kind, c.Name = kind, name
	if namespace, rest, found := strings.Cut(name, "/"); found {
		c.Namespace, c.Name = namespace, rest
	}
	return true
}

// Apply returns object with the change made. object is not touched.
func (c Change) Apply(object map[string]any) (map[string]any, error) {
	return applyAll([]Change{c}, object)
}

// set puts value at a field of object, or takes the field away where value is nil.
func set(object map[string]any, field string, value any) error {
	path, err := jsonpath.Parse(field)
	switch {
	case err != nil:
		return err
	case len(path) == 0:
		return errors.New("no field is named")
	case value == nil:
		jsonpath.Remove(object, path)
		return nil
	case addsPortSettings(path):
		value = withInherited(object, path, value)
	}
	_, err = jsonpath.Set(object, path, value)
	return err
}

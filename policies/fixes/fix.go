package fixes

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// Change is a fix that sets fields of one object: data.tlsward.lib.change writes it.
type Change struct {
	Kind, Namespace, Name string
	// Comments are the fix's other comment lines, without "# ".
	Comments []string
	// Fields holds the new values by path (spec.rules[0].from[+]); nil removes the field.
	Fields map[string]any
}

// header matches the line that names the object.
const header = "# in "

// Parse reads a fix. ok is false for a fix that is not a change: an object of its own, or words alone.
func Parse(fix string) (c Change, ok bool, err error) {
	named := false
	for line := range strings.Lines(fix) {
		line = strings.TrimRight(line, "\n")
		switch rest, found := strings.CutPrefix(line, header); {
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

// withoutComments gives what follows the comment lines at the top.
func withoutComments(text string) string {
	for strings.HasPrefix(text, "#") {
		_, text, _ = strings.Cut(text, "\n")
	}
	return text
}

// name reads "Kind namespace/name".
func (c *Change) name(text string) bool {
	kind, name, found := strings.Cut(text, " ")
	if !found || strings.Contains(name, " ") {
		return false
	}
	c.Kind, c.Name = kind, name
	if namespace, rest, found := strings.Cut(name, "/"); found {
		c.Namespace, c.Name = namespace, rest
	}
	return true
}

// Apply gives object with the change made. object is not touched.
func (c Change) Apply(object map[string]any) (map[string]any, error) {
	changed := deepCopy(object).(map[string]any)
	for _, path := range slices.Sorted(maps.Keys(c.Fields)) {
		steps, err := parsePath(path)
		if err != nil {
			return nil, err
		}
		field := c.Fields[path]
		if isPortEntry(steps) {
			field = withInherited(changed, steps, field)
		}
		value, err := put(changed, steps, field)
		if err != nil {
			return nil, fmt.Errorf("change %s: %w", path, err)
		}
		changed = value.(map[string]any)
	}
	return changed, nil
}

// pathStep matches one step of a path: a name, or what stands in brackets.
var pathStep = regexp.MustCompile(`^\.?([^.\[\]]+)|^\[([^\]]*)\]`) //nolint:gochecknoglobals // a constant in all but name

// parsePath splits a path into its steps: string for a key, int for an index, appended for [+].
func parsePath(path string) ([]any, error) {
	var steps []any
	for rest := path; rest != ""; {
		m := pathStep.FindStringSubmatch(rest)
		if m == nil {
			return nil, fmt.Errorf("change %s: not a path at %q", path, rest)
		}
		rest = rest[len(m[0]):]
		switch index, err := strconv.Atoi(m[2]); {
		case m[1] != "":
			steps = append(steps, m[1])
		case m[2] == "+":
			steps = append(steps, appended{})
		case err == nil:
			steps = append(steps, index)
		default:
			steps = append(steps, m[2])
		}
	}
	return steps, nil
}

// appended is the step that adds to a list.
type appended struct{}

// put gives value with new at the end of steps. What is missing on the way is made.
func put(value any, steps []any, replacement any) (any, error) {
	if len(steps) == 0 {
		return replacement, nil
	}
	switch step := steps[0].(type) {
	case string:
		return putKey(value, step, steps[1:], replacement)
	case int:
		list, _ := value.([]any)
		if step < 0 || step >= len(list) {
			return nil, fmt.Errorf("no element %d", step)
		}
		return putIndex(list, step, steps[1:], replacement)
	default:
		list, _ := value.([]any)
		element, err := put(nil, steps[1:], replacement)
		return append(list, element), err
	}
}

func putKey(value any, key string, rest []any, replacement any) (any, error) {
	object, ok := value.(map[string]any)
	if !ok {
		if value != nil {
			return nil, fmt.Errorf("%s is looked for in %T", key, value)
		}
		object = map[string]any{}
	}
	if len(rest) == 0 && replacement == nil {
		delete(object, key)
		return object, nil
	}
	child, err := put(object[key], rest, replacement)
	if err != nil {
		return nil, err
	}
	object[key] = child
	return object, nil
}

func putIndex(list []any, index int, rest []any, replacement any) (any, error) {
	if len(rest) == 0 && replacement == nil {
		return slices.Delete(list, index, index+1), nil
	}
	child, err := put(list[index], rest, replacement)
	if err != nil {
		return nil, err
	}
	list[index] = child
	return list, nil
}

func deepCopy(value any) any {
	switch value := value.(type) {
	case map[string]any:
		copied := make(map[string]any, len(value))
		for k, v := range value {
			copied[k] = deepCopy(v)
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for i, v := range value {
			copied[i] = deepCopy(v)
		}
		return copied
	}
	return value
}

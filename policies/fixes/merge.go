package fixes

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/tlsward/tlsward/internal/jsonpath"
)

// contradicts reports whether two changes of an object cannot both be made: they put different values in one place, or one
// is within what the other replaces.
func (c Change) contradicts(other Change) bool {
	for field, value := range c.Fields {
		for otherField, otherValue := range other.Fields {
			switch {
			case within(field, otherField), within(otherField, field):
				return true
			case field != otherField, reflect.DeepEqual(value, otherValue):
			case !adds(field), samePort(field, value, otherValue):
				return true
			}
		}
	}
	return false
}

// within reports whether a path is below another one.
func within(path, above string) bool {
	rest, found := strings.CutPrefix(path, above)
	return found && rest != "" && (rest[0] == '.' || rest[0] == '[')
}

// adds reports whether a path leads behind the last element of a list.
func adds(path string) bool { return strings.HasSuffix(path, "[+]") }

// samePort reports whether two new elements are settings of a DestinationRule for the same port.
func samePort(path string, a, b any) bool {
	number := jsonpath.Path{"port", "number"}
	return strings.HasSuffix(path, "portLevelSettings[+]") && fmt.Sprint(jsonpath.Get(a, number)) == fmt.Sprint(jsonpath.Get(b, number))
}

// applyAll returns object with changes made that do not contradict each other. object is not touched. What is taken away
// is so last, and from behind, so that the indexes of all paths are those of the object as it was.
func applyAll(changes []Change, object map[string]any) (map[string]any, error) {
	changed := jsonpath.Clone(object)
	removed := map[string]bool{}
	added := map[string][]any{}
	for _, c := range changes {
		for _, field := range slices.Sorted(maps.Keys(c.Fields)) {
			value := c.Fields[field]
			if value == nil {
				removed[field] = true
				continue
			}
			if slices.ContainsFunc(added[field], func(known any) bool { return reflect.DeepEqual(known, value) }) {
				continue
			}
			added[field] = append(added[field], value)
			if err := set(changed, field, value); err != nil {
				return nil, fmt.Errorf("change %s: %w", field, err)
			}
		}
	}
	for _, field := range slices.SortedFunc(maps.Keys(removed), func(a, b string) int { return comparePaths(b, a) }) {
		if err := set(changed, field, nil); err != nil {
			return nil, fmt.Errorf("change %s: %w", field, err)
		}
	}
	return changed, nil
}

// comparePaths compares paths step by step, indexes by their number.
func comparePaths(a, b string) int {
	pathA, _ := jsonpath.Parse(a)
	pathB, _ := jsonpath.Parse(b)
	return slices.CompareFunc(pathA, pathB, func(x, y any) int {
		i, isIndex := x.(int)
		j, isOther := y.(int)
		if isIndex && isOther {
			return cmp.Compare(i, j)
		}
		return strings.Compare(fmt.Sprint(x), fmt.Sprint(y))
	})
}

// commentsOf returns the comments of changes, the same ones once.
func commentsOf(changes []Change) []string {
	var blocks [][]string
	for _, c := range changes {
		if !slices.ContainsFunc(blocks, func(b []string) bool { return slices.Equal(b, c.Comments) }) {
			blocks = append(blocks, c.Comments)
		}
	}
	return slices.Concat(blocks...)
}

package jsonpath

import (
	"fmt"
	"slices"
)

// Get returns the value at p, nil if there is none.
func Get(value any, p Path) any {
	for _, step := range p {
		switch step := step.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[step]
		case int:
			list, _ := value.([]any)
			if step < 0 || step >= len(list) {
				return nil
			}
			value = list[step]
		default:
			return nil
		}
	}
	return value
}

// Object returns the object at p, nil if there is none.
func Object(value any, p Path) map[string]any {
	object, _ := Get(value, p).(map[string]any)
	return object
}

// Set puts replacement at p and returns the value as it is then, which takes the place of the one that was passed.
// Objects on the way are made where they are missing, and so is a list that is appended to. It is an error if a step
// leads through something else: an element that is not there, a key of a text.
func Set(value any, p Path, replacement any) (any, error) {
	if len(p) == 0 {
		return replacement, nil
	}
	switch step := p[0].(type) {
	case string:
		return setKey(value, step, p[1:], replacement)
	case int:
		return setIndex(value, step, p[1:], replacement)
	default:
		list, ok := value.([]any)
		if !ok && value != nil {
			return nil, fmt.Errorf("nothing can be appended to %s", describe(value))
		}
		element, err := Set(nil, p[1:], replacement)
		return append(list, element), err
	}
}

func setKey(value any, key string, rest Path, replacement any) (any, error) {
	object, ok := value.(map[string]any)
	if !ok {
		if value != nil {
			return nil, fmt.Errorf("%s has no field %s", describe(value), key)
		}
		object = map[string]any{}
	}
	child, err := Set(object[key], rest, replacement)
	if err != nil {
		return nil, err
	}
	object[key] = child
	return object, nil
}

func setIndex(value any, index int, rest Path, replacement any) (any, error) {
	list, _ := value.([]any)
	if index < 0 || index >= len(list) {
		return nil, fmt.Errorf("no element %d", index)
	}
	child, err := Set(list[index], rest, replacement)
	if err != nil {
		return nil, err
	}
	list[index] = child
	return list, nil
}

// Remove takes the field or the list's element at p away and returns the value as it is then, which takes the place of
// the one that was passed. Nothing changes if there is none.
func Remove(value any, p Path) any {
	if len(p) == 0 {
		return nil
	}
	parent := p[:len(p)-1]
	switch have := Get(value, parent).(type) {
	case map[string]any:
		if key, ok := p[len(p)-1].(string); ok {
			delete(have, key)
		}
	case []any:
		if index, ok := p[len(p)-1].(int); ok && index >= 0 && index < len(have) {
			value, _ = Set(value, parent, slices.Delete(have, index, index+1)) // all of the way is there
		}
	}
	return value
}

// describe returns what JSON calls the kind of a value.
func describe(value any) string {
	switch value.(type) {
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case string:
		return "a text"
	case bool:
		return "a boolean"
	default:
		return "a number"
	}
}

// Clone returns a deep copy. Unlike runtime.DeepCopyJSONValue of apimachinery it takes numbers of every Go type, which
// is what an edit puts in before the value is written.
func Clone[T any](value T) T {
	copied, _ := clone(value).(T) // fails for a nil interface alone, of which nil is the copy
	return copied
}

func clone(value any) any {
	switch value := value.(type) {
	case map[string]any:
		if value == nil {
			return value
		}
		copied := make(map[string]any, len(value))
		for k, v := range value {
			copied[k] = clone(v)
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for i, v := range value {
			copied[i] = clone(v)
		}
		return copied
	}
	return value
}

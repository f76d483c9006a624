package v1alpha1

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// misfits lists, in order, what in value does not fit type t, each by its path: fields that t does not have and
// values of a wrong type. encoding/json stops at the first, gives no path through maps and lists, and takes "Strict"
// for "strict". null fits everywhere: it means unset.
func misfits(path string, value any, t reflect.Type) []error {
	if value == nil || t.Kind() == reflect.Interface {
		return nil
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return scalarMisfit(path, value, t)
	}
	switch v := value.(type) {
	case map[string]any:
		if t.Kind() == reflect.Struct || t.Kind() == reflect.Map {
			return mapMisfits(path, v, t)
		}
	case []any:
		if t.Kind() == reflect.Slice {
			return listMisfits(path, v, t)
		}
	default:
		return scalarMisfit(path, value, t)
	}
	return []error{fmt.Errorf("%s: want %s, got %s", path, wantName(t), gotName(value))}
}

func mapMisfits(path string, m map[string]any, t reflect.Type) []error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(m)) {
		at := join(path, key)
		if t.Kind() == reflect.Map {
			errs = append(errs, misfits(at, m[key], t.Elem())...)
			continue
		}
		known := fieldTypes(t)
		field, ok := known[key]
		if !ok {
			errs = append(errs, fmt.Errorf("%s: unknown field%s", at, hint(key, known)))
			continue
		}
		errs = append(errs, misfits(at, m[key], field)...)
	}
	return errs
}

func listMisfits(path string, list []any, t reflect.Type) []error {
	var errs []error
	for i, item := range list {
		errs = append(errs, misfits(fmt.Sprintf("%s[%d]", path, i), item, t.Elem())...)
	}
	return errs
}

// scalarMisfit lets encoding/json judge one value. What a type's own UnmarshalJSON says is kept.
func scalarMisfit(path string, value any, t reflect.Type) []error {
	raw, err := json.Marshal(value)
	if err != nil {
		return []error{fmt.Errorf("%s: %w", path, err)}
	}
	err = json.Unmarshal(raw, reflect.New(t).Interface())
	if err == nil {
		return nil
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		err = fmt.Errorf("want %s, got %s", wantName(t), gotName(value))
	}
	return []error{fmt.Errorf("%s: %w", path, err)}
}

// wantName is a Go type in the words of a person who writes YAML.
func wantName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "a mapping"
	case reflect.Bool:
		return "true or false"
	case reflect.Uint32:
		return "a port number"
	default:
		return "a " + t.Kind().String()
	}
}

// gotName is a decoded value in the same words.
func gotName(value any) string {
	switch v := value.(type) {
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	case string:
		return fmt.Sprintf("%q", v)
	default:
		return fmt.Sprint(v)
	}
}

// fieldTypes maps JSON names to the types of a struct's fields.
func fieldTypes(t reflect.Type) map[string]reflect.Type {
	fields := make(map[string]reflect.Type, t.NumField())
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		fields[name] = t.Field(i).Type
	}
	return fields
}

// hint offers a known name that differs in case only, else all of them.
func hint(key string, known map[string]reflect.Type) string {
	names := slices.Sorted(maps.Keys(known))
	for _, name := range names {
		if strings.EqualFold(name, key) {
			return fmt.Sprintf(", did you mean %q?", name)
		}
	}
	return " (known: " + strings.Join(names, ", ") + ")"
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

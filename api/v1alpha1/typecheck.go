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

// typeErrors returns, in order, what in a decoded value is not of type t, each by its path: fields that t does not have
// and values of a wrong type. encoding/json stops at the first, names no path through maps and lists, and takes "Strict"
// for "strict". null is of every type: it means unset.
func typeErrors(path string, value any, t reflect.Type) FieldErrors {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if value == nil || t.Kind() == reflect.Interface || t == reflect.TypeFor[json.RawMessage]() {
		return nil
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return scalarErrors(path, value, t)
	}
	switch v := value.(type) {
	case map[string]any:
		if t.Kind() == reflect.Struct || t.Kind() == reflect.Map {
			return mappingErrors(path, v, t)
		}
	case []any:
		if t.Kind() == reflect.Slice {
			return listErrors(path, v, t)
		}
	default:
		return scalarErrors(path, value, t)
	}
	return FieldErrors{{path, fmt.Sprintf("want %s, got %s", typeName(t), valueName(value))}}
}

func mappingErrors(path string, m map[string]any, t reflect.Type) FieldErrors {
	var errs FieldErrors
	for _, key := range slices.Sorted(maps.Keys(m)) {
		at := child(path, key)
		if t.Kind() == reflect.Map {
			errs = append(errs, typeErrors(at, m[key], t.Elem())...)
			continue
		}
		known := fieldTypes(t)
		field, ok := known[key]
		if !ok {
			errs.add(at, "unknown field%s", hint(key, known))
			continue
		}
		errs = append(errs, typeErrors(at, m[key], field)...)
	}
	return errs
}

func listErrors(path string, list []any, t reflect.Type) FieldErrors {
	var errs FieldErrors
	for i, item := range list {
		errs = append(errs, typeErrors(fmt.Sprintf("%s[%d]", path, i), item, t.Elem())...)
	}
	return errs
}

// scalarErrors has encoding/json decode one value. The error of a type's own UnmarshalJSON is kept.
func scalarErrors(path string, value any, t reflect.Type) FieldErrors {
	raw, err := json.Marshal(value)
	if err != nil {
		return FieldErrors{{path, err.Error()}}
	}
	err = json.Unmarshal(raw, reflect.New(t).Interface())
	if err == nil {
		return nil
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		err = fmt.Errorf("want %s, got %s", typeName(t), valueName(value))
	}
	return FieldErrors{{path, err.Error()}}
}

// typeName returns what a person who writes YAML calls a Go type.
func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "a mapping"
	case reflect.Bool:
		return "true or false"
	case reflect.Uint32:
		return "a whole number of 0 or more"
	default:
		return "a " + t.Kind().String()
	}
}

// valueName returns what the same person calls a decoded value.
func valueName(value any) string {
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
	for _, f := range reflect.VisibleFields(t) {
		if !f.Anonymous && f.IsExported() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			fields[name] = f.Type
		}
	}
	return fields
}

// hint returns the known name that differs in case only, else all of them.
func hint(key string, known map[string]reflect.Type) string {
	names := slices.Sorted(maps.Keys(known))
	for _, name := range names {
		if strings.EqualFold(name, key) {
			return fmt.Sprintf(", did you mean %q?", name)
		}
	}
	return " (known: " + strings.Join(names, ", ") + ")"
}

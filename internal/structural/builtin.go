package structural

import (
	"encoding/json"
	"maps"
	"reflect"
	"strings"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// withHead returns the fields of a custom resource with those that every object has.
func withHead(crd *Fields) *Fields {
	properties := maps.Clone(crd.Properties)
	properties["apiVersion"], properties["kind"] = &Fields{}, &Fields{}
	properties["metadata"] = ofType(reflect.TypeFor[meta.ObjectMeta]())
	return &Fields{Properties: properties, Required: crd.Required}
}

// ofBuiltin returns the fields of a kind of Kubernetes itself, nil for any other.
func ofBuiltin(apiVersion, kind string) *Fields {
	object, err := scheme.Scheme.New(schema.FromAPIVersionAndKind(apiVersion, kind))
	if err != nil {
		return nil
	}
	return ofType(reflect.TypeOf(object).Elem())
}

// ofType returns the fields of a Go type as encoding/json sees it. None of the types that are read contains itself.
func ofType(t reflect.Type) *Fields {
	if marshals(t) {
		return &Fields{Any: true} // a quantity, a time, a port's name or number
	}
	switch t.Kind() {
	case reflect.Pointer:
		return ofType(t.Elem())
	case reflect.Slice:
		return &Fields{Items: ofType(t.Elem())}
	case reflect.Map:
		return &Fields{Values: ofType(t.Elem())}
	case reflect.Struct:
		f := &Fields{Properties: map[string]*Fields{}}
		f.addStruct(t)
		return f
	default:
		return &Fields{}
	}
}

func marshals(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]())
}

func (f *Fields) addStruct(t reflect.Type) {
	for field := range t.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-" || !field.IsExported():
		case name == "" && (field.Anonymous || strings.Contains(options, "inline")):
			f.addStruct(field.Type)
		case name == "":
			f.Properties[field.Name] = ofType(field.Type)
		default:
			f.Properties[name] = ofType(field.Type)
		}
	}
}

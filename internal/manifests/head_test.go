package manifests

import (
	"encoding/json"
	"errors"
	"testing"
)

func TestReadHead(t *testing.T) {
	h, err := ReadHead([]byte(`{"apiVersion":"v1","kind":"Service","metadata":{"name":"a","namespace":"shop","deletionTimestamp":"2026-01-01T00:00:00Z"}}`))
	if err != nil || h.APIVersion != "v1" || h.String() != "Service shop/a" || h.Metadata.DeletionTimestamp == nil {
		t.Errorf("got %+v, %v", h, err)
	}
	h, err = ReadHead([]byte(`{"kind":"Namespace","metadata":{"name":"shop"}}`))
	if err != nil || h.String() != "Namespace shop" || h.Metadata.DeletionTimestamp != nil {
		t.Errorf("got %+v, %v", h, err)
	}
	h, err = ReadHead([]byte(`{"kind":"Service","metadata":{"name":5}}`))
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) || wrong.Field != "metadata.name" || h.Kind != "Service" {
		t.Errorf("got %+v, %v; want metadata.name named, and the kind read", h, err)
	}
}

func TestSetNamespace(t *testing.T) {
	for name, c := range map[string]struct{ object, want string }{
		"no metadata":           {`{"kind":"Service"}`, `{"kind":"Service","metadata":{"namespace":"shop"}}`},
		"metadata null":         {`{"metadata":null}`, `{"metadata":{"namespace":"shop"}}`},
		"other metadata":        {`{"metadata":{"name":"a"}}`, `{"metadata":{"name":"a","namespace":"shop"}}`},
		"another namespace":     {`{"metadata":{"namespace":"b"}}`, `{"metadata":{"namespace":"shop"}}`},
		"numbers stay":          {`{"spec":{"n":12345678901234567890,"m":1.0}}`, `{"metadata":{"namespace":"shop"},"spec":{"n":12345678901234567890,"m":1.0}}`},
		"null":                  {`null`, `{"metadata":{"namespace":"shop"}}`},
		"no object":             {`[]`, ""},
		"metadata is no object": {`{"metadata":[]}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := SetNamespace([]byte(c.object), "shop")
			if string(got) != c.want || (err != nil) != (c.want == "") {
				t.Errorf("got %s (%v), want %s", got, err, c.want)
			}
		})
	}
}

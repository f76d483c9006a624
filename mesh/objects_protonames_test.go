package mesh

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"
)

// Fields by their name in the definition are read as the API server stores them: not at all.
func TestProtoNamesAreDropped(t *testing.T) {
	for name, c := range map[string]struct{ written, stored string }{
		"at the top":           {`{"host": "a", "traffic_policy": {"tls": {"mode": "SIMPLE"}}}`, `{"host": "a"}`},
		"below":                {`{"host": "a", "trafficPolicy": {"tls": {"mode": "SIMPLE", "credential_name": "x"}}}`, `{"host": "a", "trafficPolicy": {"tls": {"mode": "SIMPLE"}}}`},
		"beside the right one": {`{"trafficPolicy": {"tls": {"mode": "SIMPLE", "caCertificates": "a", "ca_certificates": "b"}}}`, `{"trafficPolicy": {"tls": {"mode": "SIMPLE", "caCertificates": "a"}}}`},
		"of the wrong type":    {`{"host": "a", "export_to": 5}`, `{"host": "a"}`},
		"in a list":            {`{"subsets": [{"name": "v1", "traffic_policy": {}}]}`, `{"subsets": [{"name": "v1"}]}`},
		"with an escape":       {`{"host": "a", "traffic\u005fpolicy": {"tls": {"mode": "SIMPLE"}}}`, `{"host": "a"}`},
		"with space around":    {"{\"host\": \"a\", \"traffic_policy\"\n : {\"tls\": {}}}", `{"host": "a"}`},
		"not labels":           {`{"subsets": [{"name": "v1", "labels": {"traffic_policy": "x"}}]}`, `{"subsets": [{"name": "v1", "labels": {"traffic_policy": "x"}}]}`},
		"beside what is newer": {`{"host": "a", "newField": {"traffic_policy": 1}, "traffic_policy": {}}`, `{"host": "a", "newField": 1}`},
	} {
		t.Run(name, func(t *testing.T) {
			var written, stored networking.DestinationRule
			_, errWritten := unmarshalSpec([]byte(c.written), &written)
			_, errStored := unmarshalSpec([]byte(c.stored), &stored)
			if errWritten != nil || errStored != nil || !proto.Equal(&written, &stored) {
				t.Errorf("have %v (%v), want %v (%v)", &written, errWritten, &stored, errStored)
			}
		})
	}
}

// Two go by that name in the CRDs, too, and Istio obeys them.
func TestProtoNamesOfTheSchemasAreKept(t *testing.T) {
	var routes networking.VirtualService
	unknown, err := unmarshalSpec([]byte(`{"http": [{"mirror_percent": 5}]}`), &routes)
	if err != nil || unknown != nil || routes.Http[0].GetMirrorPercent().GetValue() != 5 { //nolint:staticcheck // it is obeyed
		t.Errorf("have %v, unknown %v (%v)", &routes, unknown, err)
	}
	var tokens security.RequestAuthentication
	unknown, err = unmarshalSpec([]byte(`{"jwtRules": [{"jwks_uri": "http://a/keys"}]}`), &tokens)
	if err != nil || unknown != nil || tokens.JwtRules[0].JwksUri != "http://a/keys" {
		t.Errorf("have %v, unknown %v (%v)", &tokens, unknown, err)
	}
}

// schemaFields are the fields of a CRD's value, as internal/structural keeps them.
type schemaFields struct {
	Properties    map[string]*schemaFields
	Values, Items *schemaFields
	Any           bool
}

// A field is known by the names that the structural schemas of the CRDs have, and by no other.
func TestFieldsAreKnownByTheNamesOfTheSchemas(t *testing.T) {
	raw, err := os.ReadFile("../internal/structural/fields.json")
	if err != nil {
		t.Fatal(err)
	}
	var crds map[string]*schemaFields
	if err := json.Unmarshal(raw, &crds); err != nil {
		t.Fatal(err)
	}
	for crd, fields := range crds {
		group, kind, _ := strings.Cut(crd, "/")
		spec, _, err := decodeSpec(kindOf(group+"/v1", kind), nil)
		if message, ok := spec.(apiMessage); ok && err == nil {
			fields.Properties["spec"].holdAgainst(t, kind+" spec", message.ProtoReflect().Descriptor())
		}
	}
}

func (f *schemaFields) holdAgainst(t *testing.T, path string, message protoreflect.MessageDescriptor) {
	t.Helper()
	if f.Any || strings.HasPrefix(string(message.FullName()), "google.protobuf.") {
		return
	}
	for name := range f.Properties {
		if fieldNamed(message, name) == nil {
			t.Errorf("%s.%s is not known", path, name)
		}
	}
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		name := string(field.Name())
		if _, has := f.Properties[name]; fieldNamed(message, name) != nil && !has {
			t.Errorf("%s.%s is known", path, name)
		}
		below := f.Properties[field.JSONName()]
		switch inner := field.Message(); {
		case below == nil:
			t.Errorf("%s.%s is no field of the CRD", path, field.JSONName())
		case field.IsMap() && field.MapValue().Message() != nil:
			below.Values.holdAgainst(t, path+"."+name, field.MapValue().Message())
		case field.IsMap() || inner == nil:
		case field.IsList():
			below.Items.holdAgainst(t, path+"."+name, inner)
		default:
			below.holdAgainst(t, path+"."+name, inner)
		}
	}
}

func TestHasUnderscoredKey(t *testing.T) {
	for raw, want := range map[string]bool{
		`{"a_b": 1}`: true, `{"a": {"b_c" : 1}}`: true, `{"a\u005fb": 1}`: true, `{"a": "x\"", "b_c": 1}`: true,
		`{"a": "B_C"}`: false, `["a_b", "c"]`: false, `{"a": "b_c:"}`: false, `{"a": "x\"_:"}`: false, `{}`: false, `{"a`: false, `{"a\`: false, ``: false,
	} {
		equal(t, raw, fmt.Sprint(hasUnderscoredKey([]byte(raw))), fmt.Sprint(want))
	}
}

package policies

import (
	"bytes"
	"encoding/json"
	"math/rand"
	"reflect"
	"testing"
	"testing/quick"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tlsward/tlsward/mesh"
)

// throughJSON gives what `opa eval --input` would make of the input.
func throughJSON(t *testing.T, in Input) ast.Value {
	t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	v, err := ast.ValueFromReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestEncodeEqualsJSON(t *testing.T) {
	full := review(mesh.Originated, mesh.CauseNone)
	full.OldObject = map[string]any{"metadata": map[string]any{"generation": json.Number("3")}, "spec": nil, "list": []any{1.5, true}}
	full.Callers = &Callers{Ingress: []string{"a/b"}}
	for name, in := range map[string]Input{
		"zero":   {},
		"empty":  {Object: map[string]any{}, Egress: []mesh.Flow{}, Callers: &Callers{Ingress: []string{}, Waypoints: []string{}}},
		"full":   full,
		"hopped": {Egress: []mesh.Flow{{Path: mesh.Path{Hops: []mesh.Hop{{}, {Names: []string{}, DecidedBy: &mesh.Decision{}}}}}}},
	} {
		if got, want := newWords().encode(&in), throughJSON(t, in); got.Compare(want) != 0 {
			t.Errorf("%s:\ngot  %v\nwant %v", name, got, want)
		}
	}
}

// The encoder names every field by hand: a field that mesh.Flow gets tomorrow must not be forgotten.
func TestEncodeEqualsJSONForAnyFlow(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	equal := func(flow mesh.Flow, request Request, callers *Callers) bool {
		in := Input{Request: request, Egress: []mesh.Flow{flow}, Callers: callers}
		got, want := newWords().encode(&in), throughJSON(t, in)
		if got.Compare(want) == 0 {
			return true
		}
		t.Errorf("the flow's fields are\n%v, want\n%v", keys(got), keys(want))
		return false
	}
	if err := quick.Check(equal, &quick.Config{MaxCount: 300, Rand: random}); err != nil {
		t.Error("a flow is encoded otherwise than as JSON") // err holds the flow, which is pages long
	}
}

// keys lists what the first flow of an input has.
func keys(in ast.Value) []*ast.Term {
	flow, err := in.Find(ast.MustParseRef("x.egress[0]")[1:])
	if err != nil {
		return nil
	}
	return flow.(ast.Object).Keys()
}

// quick.Check fills every exported field, unless there are none to fill.
func TestFlowHasOnlyExportedFields(t *testing.T) {
	for _, typ := range []reflect.Type{reflect.TypeFor[mesh.Flow](), reflect.TypeFor[mesh.Hop](), reflect.TypeFor[mesh.Client]()} {
		for i := range typ.NumField() {
			if f := typ.Field(i); !f.IsExported() {
				t.Errorf("%s.%s is not exported: the test above would not see it", typ, f.Name)
			}
		}
	}
}

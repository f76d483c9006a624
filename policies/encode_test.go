package policies

import (
	"bytes"
	"encoding/json"
	"math/rand"
	"reflect"
	"strings"
	"testing"
	"testing/quick"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tlsward/tlsward/mesh"
)

// throughJSON returns what `opa eval --input` reads from the input's JSON form.
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
	full.Callers = &mesh.Callers{Ingress: []string{"a/b"}}
	for name, in := range map[string]Input{
		"zero":   {},
		"empty":  {Object: map[string]any{}, Egress: []mesh.Flow{}, Callers: &mesh.Callers{Ingress: []string{}, Waypoints: []string{}}},
		"full":   full,
		"hopped": {Egress: []mesh.Flow{{Path: mesh.Path{Hops: []mesh.Hop{{}, {Names: []string{}, DecidedBy: &mesh.Decision{}}}}}}},
	} {
		if got, want := testEncoder(t).encode(&in), throughJSON(t, in); got.Compare(want) != 0 {
			t.Errorf("%s:\ngot  %v\nwant %v", name, got, want)
		}
	}
}

// quick.Check fills every exported field of the types with random values.
func TestEncodeEqualsJSONForAnyFlow(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	equal := func(flow mesh.Flow, request Request, callers *mesh.Callers) bool {
		in := Input{Request: request, Egress: []mesh.Flow{flow}, Callers: callers}
		got, want := testEncoder(t).encode(&in), throughJSON(t, in)
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

// keys returns the keys of an input's first flow.
func keys(in ast.Value) []*ast.Term {
	flow, err := in.Find(ast.MustParseRef("x.egress[0]")[1:])
	if err != nil {
		return nil
	}
	return flow.(ast.Object).Keys()
}

// quick.Check leaves unexported fields zero, and JSON has none of them.
func TestFlowHasOnlyExportedFields(t *testing.T) {
	for _, typ := range []reflect.Type{reflect.TypeFor[mesh.Flow](), reflect.TypeFor[mesh.Hop](), reflect.TypeFor[mesh.Client]()} {
		for i := range typ.NumField() {
			if f := typ.Field(i); !f.IsExported() {
				t.Errorf("%s.%s is not exported: the test above would not see it", typ, f.Name)
			}
		}
	}
}

func testEncoder(t *testing.T) *encoder {
	t.Helper()
	e, err := newEncoder()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestTypesThatCannotBeEncoded(t *testing.T) {
	for want, typ := range map[string]reflect.Type{
		"float64: values of kind float64 cannot be encoded": reflect.TypeFor[struct {
			A float64 `json:"a"`
		}](),
		"map[string]int: values of kind map cannot be encoded": reflect.TypeFor[struct {
			A []map[string]int `json:"a"`
		}](),
		`json tag "a,string" is not supported`: reflect.TypeFor[struct {
			A int `json:"a,string"`
		}](),
		`json tag "" is not supported`: reflect.TypeFor[struct {
			A *struct{ B int } `json:"a"`
		}](),
	} {
		_, err := typeEncoders{constants: map[string]*ast.Term{}}.of(typ)
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", typ, err, want)
		}
	}
}

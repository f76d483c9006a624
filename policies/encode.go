package policies

import (
	"reflect"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tlsward/tlsward/mesh"
)

// encoder encodes an Input as a Rego value, equal to what its JSON form parses to: a round trip through JSON costs more
// than the policies themselves. How each type is encoded is derived from its JSON tags once, by typeEncoders.
type encoder struct {
	request, flows, callers, opened, bypasses, ingressLegs, plaintextCalls, outsideModel encodeFunc
	// constants are the terms of strings that many inputs have.
	constants map[string]*ast.Term
}

// newEncoder returns an error for a type that typeEncoders does not support.
func newEncoder() (*encoder, error) {
	types := typeEncoders{constants: map[string]*ast.Term{}}
	schema, err := readSchema("schemas/input.json")
	if err != nil {
		return nil, err
	}
	for _, value := range append(enumerated(schema), frequentStrings...) {
		types.constants[value] = ast.StringTerm(value)
	}
	e := &encoder{constants: types.constants}
	for target, typ := range map[*encodeFunc]reflect.Type{
		&e.request:        reflect.TypeFor[Request](),
		&e.flows:          reflect.TypeFor[[]mesh.Flow](),
		&e.callers:        reflect.TypeFor[*mesh.Callers](),
		&e.opened:         reflect.TypeFor[*mesh.OpenedWorkloads](),
		&e.outsideModel:   reflect.TypeFor[[]mesh.OutsideModel](),
		&e.plaintextCalls: reflect.TypeFor[[]mesh.PlaintextCall](),
		&e.ingressLegs:    reflect.TypeFor[[]mesh.IngressLeg](),
		&e.bypasses:       reflect.TypeFor[[]mesh.Bypass](),
	} {
		if *target, err = types.of(typ); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// frequentStrings are values that most inputs have, beside those that the schema enumerates.
var frequentStrings = []string{
	"", "HTTP", "HTTPS", "TLS", "TCP", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL", mesh.AnyNamespace, "default",
	mesh.KindServiceEntry, mesh.KindDestinationRule, mesh.KindVirtualService, mesh.KindGateway, mesh.KindAuthorizationPolicy,
	"networking.istio.io/v1", "security.istio.io/v1", "system:authenticated",
}

// enumerated returns the strings that a schema lists under enum, at any depth.
func enumerated(schema any) []string {
	var values []string
	object, _ := schema.(map[string]any)
	for key, part := range object {
		if list, ok := stringsOf(part); ok && key == "enum" {
			values = append(values, list...)
		}
		values = append(values, enumerated(part)...)
	}
	return values
}

// encode encodes in. Object and OldObject are encoded only where a policy reads them, which most do not.
func (e *encoder) encode(in *Input) ast.Value {
	p := encoding{
		constants: e.constants, strings: map[string]*ast.Term{}, refs: map[mesh.Ref]*ast.Term{},
		decisions: map[mesh.Decision]*ast.Term{}, lists: map[list]*ast.Term{},
	}
	members := map[string]any{
		"request": e.request(&p, reflect.ValueOf(&in.Request).Elem()).Value,
		"egress":  e.flows(&p, reflect.ValueOf(&in.Egress).Elem()).Value,
	}
	if len(in.Object) > 0 {
		members["object"] = in.Object
	}
	if len(in.OldObject) > 0 {
		members["oldObject"] = in.OldObject
	}
	if in.Callers != nil {
		members["callers"] = e.callers(&p, reflect.ValueOf(&in.Callers).Elem()).Value
	}
	if in.Opened != nil {
		members["opened"] = e.opened(&p, reflect.ValueOf(&in.Opened).Elem()).Value
	}
	if len(in.Bypasses) > 0 {
		members["bypasses"] = e.bypasses(&p, reflect.ValueOf(&in.Bypasses).Elem()).Value
	}
	if len(in.IngressLegs) > 0 {
		members["ingressLegs"] = e.ingressLegs(&p, reflect.ValueOf(&in.IngressLegs).Elem()).Value
	}
	if len(in.PlaintextCalls) > 0 {
		members["plaintextCalls"] = e.plaintextCalls(&p, reflect.ValueOf(&in.PlaintextCalls).Elem()).Value
	}
	if len(in.OutsideModel) > 0 {
		members["outsideModel"] = e.outsideModel(&p, reflect.ValueOf(&in.OutsideModel).Elem()).Value
	}
	return ast.LazyObject(members)
}

// encoding is the state of encoding one input. Terms of equal values are shared: the flows of one review have the same
// few strings and objects over and over.
type encoding struct {
	constants, strings map[string]*ast.Term
	refs               map[mesh.Ref]*ast.Term
	decisions          map[mesh.Decision]*ast.Term
	lists              map[list]*ast.Term
	members            [][2]*ast.Term // of the objects that are being built, innermost last
}

// list identifies a slice of strings. Flows of one host share their slices.
type list struct {
	first  *string
	length int
}

func (p *encoding) string(s string) *ast.Term {
	if term, ok := p.constants[s]; ok {
		return term
	}
	return memoized(p.strings, s, func() *ast.Term { return ast.StringTerm(s) })
}

// list returns null for a nil slice, as JSON does.
func (p *encoding) list(all []string) *ast.Term {
	switch {
	case all == nil:
		return ast.InternedNullTerm
	case len(all) == 0:
		return ast.InternedEmptyArray
	}
	return memoized(p.lists, list{&all[0], len(all)}, func() *ast.Term {
		terms := make([]*ast.Term, len(all))
		for i, s := range all {
			terms[i] = p.string(s)
		}
		return ast.ArrayTerm(terms...)
	})
}

func (p *encoding) labels(all map[string]string) *ast.Term {
	object := ast.NewObjectWithCapacity(len(all))
	for key, value := range all {
		object.Insert(p.string(key), p.string(value))
	}
	return ast.NewTerm(object)
}

// memoized returns the term of key, which encode makes the first time.
func memoized[K comparable](terms map[K]*ast.Term, key K, encode func() *ast.Term) *ast.Term {
	if term, ok := terms[key]; ok {
		return term
	}
	term := encode()
	terms[key] = term
	return term
}

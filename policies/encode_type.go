package policies

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tlsward/tlsward/mesh"
)

// encodeFunc encodes a value of one type. The value is addressable.
type encodeFunc func(*encoding, reflect.Value) *ast.Term

// typeEncoders derives an encodeFunc from a type, by the rules of encoding/json as far as the types of Input need them:
//
//  1. A field has the name of its json tag, and is left out for "-", and with omitempty for false, 0, "", nil and
//     slices and maps without elements.
//  2. The fields of an embedded struct are those of the struct around it.
//  3. Nil pointers and slices are null.
//
// A type that needs more is an error.
type typeEncoders struct {
	// constants gets the names of all fields.
	constants map[string]*ast.Term
}

func (t typeEncoders) of(typ reflect.Type) (encodeFunc, error) {
	switch typ {
	case reflect.TypeFor[[]string]():
		return func(p *encoding, v reflect.Value) *ast.Term { return p.list(*pointer[[]string](v)) }, nil
	case reflect.TypeFor[map[string]string]():
		return func(p *encoding, v reflect.Value) *ast.Term { return p.labels(*pointer[map[string]string](v)) }, nil
	}
	switch typ.Kind() {
	case reflect.String:
		return func(p *encoding, v reflect.Value) *ast.Term { return p.string(v.String()) }, nil
	case reflect.Bool:
		return func(_ *encoding, v reflect.Value) *ast.Term { return ast.InternedTerm(v.Bool()) }, nil
	case reflect.Int, reflect.Int32, reflect.Int64:
		return func(_ *encoding, v reflect.Value) *ast.Term { return ast.InternedTerm(v.Int()) }, nil
	case reflect.Uint32, reflect.Uint64:
		return func(_ *encoding, v reflect.Value) *ast.Term { return ast.InternedTerm(v.Uint()) }, nil
	case reflect.Pointer:
		return t.ofPointer(typ)
	case reflect.Slice:
		return t.ofSlice(typ)
	case reflect.Struct:
		return t.ofStruct(typ)
	}
	return nil, fmt.Errorf("%s: values of kind %s cannot be encoded", typ, typ.Kind())
}

// pointer returns the address of v, which holds a T.
func pointer[T any](v reflect.Value) *T { return v.Addr().Interface().(*T) }

func (t typeEncoders) ofPointer(typ reflect.Type) (encodeFunc, error) {
	encode, err := t.of(typ.Elem())
	return func(p *encoding, v reflect.Value) *ast.Term {
		if v.IsNil() {
			return ast.InternedNullTerm
		}
		return encode(p, v.Elem())
	}, err
}

func (t typeEncoders) ofSlice(typ reflect.Type) (encodeFunc, error) {
	encode, err := t.of(typ.Elem())
	return func(p *encoding, v reflect.Value) *ast.Term {
		if v.IsNil() {
			return ast.InternedNullTerm
		}
		terms := make([]*ast.Term, v.Len())
		for i := range terms {
			terms[i] = encode(p, v.Index(i))
		}
		return ast.ArrayTerm(terms...)
	}, err
}

func (t typeEncoders) ofStruct(typ reflect.Type) (encodeFunc, error) {
	fields, err := t.fields(typ)
	encode := func(p *encoding, v reflect.Value) *ast.Term {
		begin := len(p.members)
		p.addFields(fields, v)
		object := ast.ObjectTerm(p.members[begin:]...) // copies the members
		p.members = p.members[:begin]
		return object
	}
	switch typ {
	case reflect.TypeFor[mesh.Ref]():
		return func(p *encoding, v reflect.Value) *ast.Term {
			return memoized(p.refs, *pointer[mesh.Ref](v), func() *ast.Term { return encode(p, v) })
		}, err
	case reflect.TypeFor[mesh.Decision]():
		return func(p *encoding, v reflect.Value) *ast.Term {
			return memoized(p.decisions, *pointer[mesh.Decision](v), func() *ast.Term { return encode(p, v) })
		}, err
	}
	return encode, err
}

// structField is how a field of a struct becomes a member of an object.
type structField struct {
	index     int
	key       *ast.Term
	omitEmpty bool
	encode    encodeFunc
	embedded  []structField // of an embedded struct, which has none of the above but index
}

func (t typeEncoders) fields(typ reflect.Type) ([]structField, error) {
	var fields []structField
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		var err error
		field := structField{index: i}
		switch {
		case name == "-":
			continue
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			field.embedded, err = t.fields(f.Type)
		case name == "" || options != "" && options != "omitempty":
			err = fmt.Errorf("json tag %q is not supported", f.Tag.Get("json"))
		default:
			field.key = memoized(t.constants, name, func() *ast.Term { return ast.StringTerm(name) })
			field.omitEmpty = options == "omitempty"
			field.encode, err = t.of(f.Type)
		}
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", typ, f.Name, err)
		}
		fields = append(fields, field)
	}
	return fields, nil
}

func (p *encoding) addFields(fields []structField, v reflect.Value) {
	for i := range fields {
		f := &fields[i]
		value := v.Field(f.index)
		switch {
		case f.embedded != nil:
			p.addFields(f.embedded, value)
		case !f.omitEmpty || !isEmpty(value):
			p.members = append(p.members, [2]*ast.Term{f.key, f.encode(p, value)})
		}
	}
}

// isEmpty reports whether omitempty leaves v out.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String, reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return v.IsZero()
}

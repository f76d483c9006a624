package policies

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The schema has a property for each field of Input, and of the types below it, and no other. Each property has a
// description and examples, and the values of each enumeration are the constants of its Go type.
func TestInputSchemaAgreesWithInput(t *testing.T) {
	schema, err := readSchema("schemas/input.json")
	if err != nil {
		t.Fatal(err)
	}
	c := schemaCheck{t: t, root: schema.(map[string]any), constants: stringConstants(t, "../mesh"), used: map[string]bool{}}
	c.object("input", reflect.TypeFor[Input](), c.root)
	if c.properties < 60 {
		t.Errorf("only %d properties were compared", c.properties)
	}
	for name := range c.root["definitions"].(map[string]any) {
		if !c.used[name] {
			t.Errorf("definition %s is not used", name)
		}
	}
}

type schemaCheck struct {
	t          *testing.T
	root       map[string]any
	constants  map[string][]string
	properties int
	used       map[string]bool // definitions
}

// object compares the properties of a schema with the fields of a struct.
func (c *schemaCheck) object(path string, typ reflect.Type, schema map[string]any) {
	fields := jsonFields(typ)
	properties, _ := c.resolve(schema)["properties"].(map[string]any)
	if got, want := slices.Sorted(maps.Keys(properties)), slices.Sorted(maps.Keys(fields)); !slices.Equal(got, want) {
		c.t.Errorf("%s: the schema has the properties\n%v, %s has the fields\n%v", path, got, typ, want)
		return
	}
	for name, field := range fields {
		c.property(path+"."+name, field, properties[name].(map[string]any))
	}
}

func (c *schemaCheck) property(path string, typ reflect.Type, schema map[string]any) {
	c.properties++
	if text, _ := schema["description"].(string); len(text) < len("The object.") {
		c.t.Errorf("%s has no description", path)
	}
	examples, _ := schema["examples"].([]any)
	if len(examples) == 0 {
		c.t.Errorf("%s has no examples", path)
	}
	for _, example := range examples {
		wrapped := map[string]any{"properties": map[string]any{"example": c.resolve(schema)}, "definitions": c.root["definitions"]}
		if err := validateAgainstSchema(c.t.Context(), map[string]any{"example": example}, wrapped); err != nil {
			c.t.Errorf("%s: the example %v does not match: %v", path, example, err)
		}
	}
	c.value(path, typ, c.resolve(schema))
}

// value compares a schema with the type of the values that it describes.
func (c *schemaCheck) value(path string, typ reflect.Type, schema map[string]any) {
	switch {
	case typ.Kind() == reflect.Pointer:
		c.value(path, typ.Elem(), schema)
	case typ.Kind() == reflect.Slice:
		c.value(path+"[]", typ.Elem(), c.resolve(schema["items"].(map[string]any)))
	case typ.Kind() == reflect.Struct:
		c.object(path, typ, schema)
	case typ.Kind() == reflect.String && typ.Name() != "string":
		got, _ := stringsOf(schema["enum"])
		slices.Sort(got)
		if want := c.constants[typ.Name()]; !slices.Equal(got, want) {
			c.t.Errorf("%s: the schema has the values\n%q, %s has the constants\n%q", path, got, typ, want)
		}
	}
}

// resolve follows the reference of a schema.
func (c *schemaCheck) resolve(schema map[string]any) map[string]any {
	if ref, ok := schema["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/definitions/")
		c.used[name] = true
		return c.root["definitions"].(map[string]any)[name].(map[string]any)
	}
	return schema
}

// jsonFields returns the types of a struct's fields by their names in JSON, those of embedded structs included.
func jsonFields(typ reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for f := range typ.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case name == "" && f.Anonymous:
			maps.Copy(fields, jsonFields(f.Type))
		default:
			fields[name] = f.Type
		}
	}
	return fields
}

// stringConstants returns the values of a package's exported string constants, sorted, by the name of their type.
func stringConstants(t *testing.T, dir string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", dir, len(files), err)
	}
	values := map[string][]string{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		for node := range ast.Preorder(file) {
			spec, ok := node.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 || !spec.Names[0].IsExported() {
				continue
			}
			typ, named := spec.Type.(*ast.Ident)
			literal, constant := spec.Values[0].(*ast.BasicLit)
			if !named || !constant || literal.Kind != token.STRING {
				continue
			}
			if value, err := strconv.Unquote(literal.Value); err == nil && value != "" {
				values[typ.Name] = append(values[typ.Name], value)
			}
		}
	}
	for _, list := range values {
		slices.Sort(list)
	}
	return values
}

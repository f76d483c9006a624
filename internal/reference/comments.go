package reference

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// Comments are the comments of a Go package on its types, by "Type", and on their fields, by "Type.Field", each as one
// paragraph.
type Comments map[string]string

// ReadComments reads the comments of the package in a directory.
func ReadComments(dir string) (Comments, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, fmt.Errorf("find the sources in %s: %w", dir, err)
	}
	c := Comments{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read the comments of types: %w", err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("read the comments of types: %w", err)
		}
		c.addFile(file)
	}
	return c, nil
}

func (c Comments) addFile(file *ast.File) {
	for _, declaration := range file.Decls {
		types, ok := declaration.(*ast.GenDecl)
		if !ok || types.Tok != token.TYPE {
			continue
		}
		for _, spec := range types.Specs {
			name := spec.(*ast.TypeSpec).Name.Name
			c.add(name, types.Doc.Text())
			if s, ok := spec.(*ast.TypeSpec).Type.(*ast.StructType); ok {
				c.addFields(name, s)
			}
		}
	}
}

// addFields adds the comments of a struct's fields, which begin with the field's name.
func (c Comments) addFields(typ string, s *ast.StructType) {
	for _, field := range s.Fields.List {
		for _, name := range field.Names {
			text := field.Doc.Text()
			if field.Tag != nil { // its readers know the field by its name in a file
				text = strings.Replace(text, name.Name+" ", "`"+jsonName(field.Tag.Value)+"` ", 1)
			}
			c.add(typ+"."+name.Name, text)
		}
	}
}

// jsonName returns the name that a field's tag, as it is in the source, gives it in JSON.
func jsonName(tag string) string {
	name, _, _ := strings.Cut(reflect.StructTag(strings.Trim(tag, "`")).Get("json"), ",")
	return name
}

func (c Comments) add(name, text string) {
	text, _, _ = strings.Cut(text, "\n+") // what follows are markers, for controller-gen
	if text := strings.Join(strings.Fields(text), " "); text != "" {
		c[name] = text
	}
}

// Of returns the comment on a field of a type, "" if there is none.
func (c Comments) Of(typ, field string) string { return c[typ+"."+field] }

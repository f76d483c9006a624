package reference

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

const head = `# The fields of Config and Suite

<!-- Made by "make docs" from the types of api/v1alpha1 and their comments. Change those, not this page. -->

A Config is the file of ` + "`--config`" + `, and the value ` + "`config`" + ` of the chart, where its head is left out. A Suite is a file of cases for
` + "`tlsward test`" + ` ([Writing policies](writing-policies.md)). An unknown field, or a value of a wrong type, is refused in both. A
field with a star must be there. JSON Schema of the Config: [policies/schemas/config.json](../policies/schemas/config.json);
parameters of the built-in policies: [policies/schemas/params.json](../policies/schemas/params.json).
`

// Markdown returns docs/configuration.md: each field of Config and Suite.
func Markdown(c Comments) string {
	var b strings.Builder
	b.WriteString(head)
	for _, t := range []reflect.Type{reflect.TypeFor[v1alpha1.Config](), reflect.TypeFor[v1alpha1.Suite]()} {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| field | type | |\n|---|---|---|\n", t.Name(), c[t.Name()])
		c.writeFields(&b, "", t)
	}
	return b.String()
}

// writeFields writes a row for each field of a struct, and below it those of what it holds.
func (c Comments) writeFields(b *strings.Builder, path string, t reflect.Type) {
	for f := range t.Fields() {
		if !f.IsExported() {
			continue
		}
		if f.Anonymous {
			c.writeFields(b, path, f.Type)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		at, star := path+name, ""
		if options != "omitempty" {
			star = " *"
		}
		what, inner, suffix := typeOf(f.Type)
		fmt.Fprintf(b, "| `%s`%s | %s | %s |\n", at, star, what, strings.ReplaceAll(c.Of(t.Name(), f.Name), "|", "\\|"))
		if inner != nil && inner != reflect.TypeFor[v1alpha1.Config]() {
			c.writeFields(b, at+suffix+".", inner)
		}
	}
}

// typeOf returns what a person who writes YAML calls a type, and the struct that it holds, if any, with what leads there.
func typeOf(t reflect.Type) (what string, inner reflect.Type, suffix string) {
	switch {
	case t == reflect.TypeFor[v1alpha1.Action]():
		return "action", nil, ""
	case t == reflect.TypeFor[v1alpha1.Date]():
		return "day", nil, ""
	case t == reflect.TypeFor[v1alpha1.Duration]():
		return "duration", nil, ""
	case t == reflect.TypeFor[json.RawMessage]():
		return "mapping", nil, ""
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeOf(t.Elem())
	case reflect.Struct:
		return "mapping", t, ""
	case reflect.Slice:
		item, inner, _ := typeOf(t.Elem())
		return "list of " + plural(item), inner, "[]"
	case reflect.Map:
		item, inner, _ := typeOf(t.Elem())
		if t.Elem().Kind() == reflect.Interface {
			return "mapping", nil, ""
		}
		return "mapping to " + plural(item), inner, ".*"
	case reflect.Bool:
		return "true or false", nil, ""
	case reflect.Uint32:
		return "number", nil, ""
	case reflect.Interface:
		return "any", nil, ""
	}
	return "text", nil, ""
}

func plural(what string) string {
	if what == "text" {
		return "texts"
	}
	return what + "s"
}

package v1alpha1

import (
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// ConfigSchema returns the JSON Schema (draft 7) of a Config, made from its type and from what Validate asks of its fields.
// comment returns the comment on a field of a type of this package.
func ConfigSchema(comment func(typ, field string) string) map[string]any {
	s := schemaWriter{comment: comment, rules: fieldRules()}
	return s.object(reflect.TypeFor[Config]())
}

type schemaWriter struct {
	comment func(typ, field string) string
	rules   map[string]map[string]any // by type and field
}

func (s schemaWriter) object(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	for f := range t.Fields() {
		if !f.IsExported() {
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		property := s.value(f.Type)
		maps.Copy(property, s.rules[t.Name()+"."+f.Name])
		if text := s.comment(t.Name(), f.Name); text != "" {
			property["description"] = text
		}
		properties[name] = property
		if options != "omitempty" {
			required = append(required, name)
		}
	}
	slices.Sort(required)
	schema := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

func (s schemaWriter) value(t reflect.Type) map[string]any {
	switch {
	case t == reflect.TypeFor[Action]():
		return map[string]any{"enum": []any{Deny, Warn, Audit, Off, false}} // false: Action.UnmarshalJSON
	case reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()):
		return map[string]any{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Struct:
		return s.object(t)
	case reflect.Slice:
		return map[string]any{"type": "array", "items": s.value(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": s.value(t.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Uint32:
		return map[string]any{"type": "integer", "minimum": 0}
	case reflect.String:
		return map[string]any{"type": "string"}
	}
	return map[string]any{}
}

// fieldRules returns what Validate asks of fields beside their types, by type and field.
func fieldRules() map[string]map[string]any {
	port := map[string]any{"minimum": 1, "maximum": 65535}
	ids := map[string]any{"propertyNames": matching(policyIDPattern)}
	return map[string]map[string]any{
		"Config.APIVersion":        {"enum": []string{APIVersion}},
		"Config.Kind":              {"enum": []string{KindConfig}},
		"Config.Policies":          ids,
		"Mesh.RootNamespace":       unsetOr(namespacePattern),
		"Mesh.TrustDomain":         unsetOr(domainPattern),
		"Mesh.TrustDomainAliases":  each(domainPattern),
		"Mesh.ClusterDomain":       unsetOr(domainPattern),
		"Mesh.Revision":            unsetOr(namespacePattern),
		"IngressGateway.Namespace": matching(namespacePattern),
		"IngressGateway.Labels":    {"minProperties": 1},
		"Upgrade.Port":             port,
		"Upgrade.TargetPort":       port,
		"Origination.Hosts":        withMinItems(each(hostPattern)),
		"Origination.TLS":          tlsRule(),
		"PolicyConfig.Namespaces":  each(namespacePattern),
		"ExemptionSpec.Policy":     matching(policyIDPattern),
		"ExemptionSpec.Namespaces": each(namespacePattern),
		"ExemptionSpec.Hosts":      each(hostPattern),
		"ExemptionSpec.Reason":     {"pattern": `\S`},
		"ExemptionSpec.Expires":    {"pattern": `^\d{4}-\d{2}-\d{2}$`},
		"Evaluation.Timeout":       {"pattern": `^(\d+(\.\d+)?(ns|us|µs|ms|s))+$`},
		"Evaluation.MemoryMiB":     {"anyOf": []any{map[string]any{"enum": []int{0}}, map[string]any{"minimum": MinMemoryMiB}}},
		"Evaluation.OnError":       {"enum": []Action{"", Deny, Warn}},
	}
}

// tlsRule is what Origination.validate asks of the settings.
func tlsRule() map[string]any {
	fields := map[string]any{}
	for _, name := range tlsFields {
		fields[name] = map[string]any{}
	}
	fields["mode"] = map[string]any{"enum": originatingModes}
	return map[string]any{"properties": fields, "additionalProperties": false, "required": []string{"mode"}}
}

func matching(p *regexp.Regexp) map[string]any { return map[string]any{"pattern": p.String()} }

func unsetOr(p *regexp.Regexp) map[string]any { return map[string]any{"pattern": "^$|" + p.String()} }

func each(p *regexp.Regexp) map[string]any {
	return map[string]any{"items": map[string]any{"type": "string", "pattern": p.String()}}
}

func withMinItems(rule map[string]any) map[string]any {
	rule["minItems"] = 1
	return rule
}

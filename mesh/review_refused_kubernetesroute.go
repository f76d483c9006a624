package mesh

import (
	"encoding/json"
	"fmt"
	"strings"
)

// kubernetesRoute looks at the rules of an HTTPRoute or GRPCRoute, which Istio converts as they are and nobody looks at before
// (pilot/pkg/config/kube/gateway/conversion.go).
func (c *fieldCheck) kubernetesRoute(kind string, spec *KubernetesRoute) {
	for i, rule := range spec.Rules {
		if c.stopped() {
			return
		}
		path := fmt.Sprintf("spec.rules[%d]", i)
		for j, m := range rule.Matches {
			c.kubernetesMatch(fmt.Sprintf("%s.matches[%d]", path, j), kind, m)
		}
		c.filters(path, rule.Filters)
		for j, backend := range rule.BackendRefs {
			c.filters(fmt.Sprintf("%s.backendRefs[%d]", path, j), backend.Filters)
		}
	}
}

// isPattern is the type of a match by a regular expression.
const isPattern = "RegularExpression"

// kubernetesMatch looks at a match.
func (c *fieldCheck) kubernetesMatch(path, kind string, m RouteMatch) {
	if c.stopped() {
		return
	}
	if kind == KindGRPCRoute {
		c.method(path+".method", m.Method)
	} else if m.Path != nil && m.Path.Value != nil {
		value := strings.TrimSuffix(*m.Path.Value, "/")
		switch m.Path.Type {
		case isPattern:
			c.pattern(path+".path.value", *m.Path.Value)
		case "", "PathPrefix":
			if value != "" && !isSegments(value) {
				c.refuse(path+".path.value", wantsSegments)
			}
		}
	}
	for _, values := range []struct {
		path string
		list []RouteValue
	}{{path + ".headers", m.Headers}, {path + ".queryParams", m.QueryParams}} {
		for i, v := range values.list {
			if v.Type == isPattern && v.Value != nil && *v.Value != "*" { // "*" matches whatever is there
				c.pattern(fmt.Sprintf("%s[%d].value", values.path, i), *v.Value)
			}
		}
	}
}

// method looks at the match of a method of gRPC, of which Istio makes a path (createGRPCURIMatch).
func (c *fieldCheck) method(path string, raw json.RawMessage) {
	var m struct {
		Type    string `json:"type"`
		Service string `json:"service"`
		Method  string `json:"method"`
	}
	if len(raw) == 0 || unmarshal(raw, &m) != nil || m.Type != isPattern {
		return
	}
	switch {
	case m.Method == "":
		c.pattern(path, "/"+m.Service+"/.+")
	case m.Service == "":
		c.pattern(path, "/[^/]+/"+m.Method)
	default:
		c.pattern(path, "/"+m.Service+"/"+m.Method)
	}
}

// filters looks at filters.
func (c *fieldCheck) filters(path string, filters []RouteFilter) {
	for i, f := range filters {
		if c.stopped() {
			return
		}
		field := fmt.Sprintf("%s.filters[%d]", path, i)
		if f.RequestHeaderModifier != nil {
			c.modifier(field+".requestHeaderModifier", f.RequestHeaderModifier)
		}
		if f.ResponseHeaderModifier != nil {
			c.modifier(field+".responseHeaderModifier", f.ResponseHeaderModifier)
		}
		if f.URLRewrite != nil {
			c.replaced(field+".urlRewrite", f.URLRewrite)
		}
		if f.RequestRedirect != nil {
			c.replaced(field+".requestRedirect", f.RequestRedirect)
		}
	}
}

// modifier looks at headers that are written.
func (c *fieldCheck) modifier(path string, h *RouteHeaders) {
	for _, values := range []struct {
		path string
		list []RouteValue
	}{{path + ".set", h.Set}, {path + ".add", h.Add}} {
		for i, v := range values.list {
			if v.Value != nil {
				c.header(fmt.Sprintf("%s[%d].value", values.path, i), v.Name, *v.Value)
			}
		}
	}
}

// replaced looks at what takes the place of a path.
func (c *fieldCheck) replaced(path string, r *RouteRedirection) {
	c.oneLine(path+".hostname", r.Hostname)
	c.oneLine(path+".path.replaceFullPath", r.Path.ReplaceFullPath)
	c.oneLine(path+".path.replacePrefixMatch", r.Path.ReplacePrefixMatch)
}

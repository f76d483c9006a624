package policies

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// Policy is the METADATA of a policy, from which the reference and SARIF rules are made.
type Policy struct {
	// ID names the policy in Config, Suites, metrics and messages: "plaintext-egress".
	ID string `json:"id"`
	// Title is one line, Description some sentences.
	Title       string `json:"title"`
	Description string `json:"description"`
	// Action is the action of its violations where the Config has no other.
	Action v1alpha1.Action `json:"action"`
	// Strongest is the strongest action that one of its violations may name where the Config has none: Action, unless its
	// METADATA says more.
	Strongest v1alpha1.Action `json:"strongest,omitempty"`
	// Kinds are the kinds of objects whose reviews it is evaluated for; "*" is any.
	Kinds []string `json:"kinds"`
	// Links are the related_resources.
	Links []Link `json:"links,omitempty"`
	// File is the file that holds it, as its source names it.
	File string `json:"file"`
	// Builtin is true for the policies of this program.
	Builtin bool `json:"builtin"`
}

// Link is a related resource of a policy.
type Link struct {
	URL   string `json:"url"`
	Title string `json:"title,omitempty"`
}

// packagePrefix is the package that every policy's package is below.
const packagePrefix = "tlsward"

var idPattern = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// PackageOf returns the Rego package of a policy's id: "tlsward.plaintext_egress".
func PackageOf(id string) string { return packagePrefix + "." + strings.ReplaceAll(id, "-", "_") }

// appliesTo reports whether p is evaluated for reviews of this kind.
func (p *Policy) appliesTo(kind string) bool {
	return slices.Contains(p.Kinds, kind) || slices.Contains(p.Kinds, "*")
}

// readPolicy reads a module's METADATA. It returns nil for a module without custom.id: a library, or another file of a
// policy's package.
func readPolicy(m module) (*Policy, error) {
	a := packageAnnotation(m.parsed)
	if a == nil || a.Custom["id"] == nil {
		return nil, nil
	}
	p := &Policy{Title: a.Title, Description: strings.TrimSpace(a.Description), File: m.file, Builtin: m.builtin}
	problems := []string{}
	require := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Sprintf(format, args...))
		}
	}
	var isString bool
	p.ID, isString = a.Custom["id"].(string)
	require(isString && idPattern.MatchString(p.ID), "custom.id must be lower-case words joined by hyphens, have %v", a.Custom["id"])
	require(m.packageName() == PackageOf(p.ID), "custom.id %s belongs in package %s, not %s", p.ID, PackageOf(p.ID), m.packageName())
	require(p.Title != "", "title is missing")
	require(p.Description != "", "description is missing")
	action, _ := a.Custom["action"].(string)
	p.Action = v1alpha1.Action(action)
	require(severity(p.Action) >= 0, "custom.action must be deny, warn, audit or off, have %v", a.Custom["action"])
	p.Strongest = p.Action
	if strongest, ok := a.Custom["strongest"]; ok {
		s, _ := strongest.(string)
		p.Strongest = v1alpha1.Action(s)
		require(severity(p.Strongest) > severity(p.Action), "custom.strongest must be stronger than custom.action, have %v", strongest)
	}
	p.Kinds, isString = stringsOf(a.Custom["kinds"])
	require(isString && len(p.Kinds) > 0, "custom.kinds must list kinds of objects, or \"*\", have %v", a.Custom["kinds"])
	for _, kind := range p.Kinds {
		require(kind == "*" || slices.Contains(mesh.Kinds(), kind), "custom.kinds: no review is of a kind %s (known: *, %s)", kind, strings.Join(mesh.Kinds(), ", "))
	}
	for _, r := range a.RelatedResources {
		p.Links = append(p.Links, Link{URL: r.Ref.String(), Title: r.Description})
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("%s:%d: METADATA: %s", m.file, a.Location.Row, strings.Join(problems, "; "))
	}
	return p, nil
}

// packageAnnotation returns the METADATA block of the module's package, or nil.
func packageAnnotation(m *ast.Module) *ast.Annotations {
	for _, a := range m.Annotations {
		if a.Scope == "package" {
			return a
		}
	}
	return nil
}

// stringsOf returns the elements of a list of strings, and false if v is anything else.
func stringsOf(v any) ([]string, bool) {
	items, ok := v.([]any)
	if !ok {
		return nil, false
	}
	out := make([]string, 0, len(items))
	for _, item := range items {
		s, ok := item.(string)
		if !ok {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}

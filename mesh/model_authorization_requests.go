package mesh

import (
	"slices"
	"strings"

	security "istio.io/api/security/v1beta1"
)

// deniedRequests returns the operations, but those for ports alone, that a DENY policy denies to callers without an identity:
//
//	rules: [{from: [{source: {notPrincipals: ["*"]}}], to: [{operation: {paths: ["/admin*"]}}]}]
func (a authorization) deniedRequests() []*security.Operation {
	return slices.DeleteFunc(a.deniedOperations(), isForPortsAlone)
}

// deniedOperations returns the operations that a DENY policy denies to callers without an identity.
func (a authorization) deniedOperations() []*security.Operation {
	if a.spec.GetAction() != security.AuthorizationPolicy_DENY {
		return nil
	}
	var list []*security.Operation
	for _, r := range a.spec.GetRules() {
		if !callsWithoutIdentity(r) {
			continue
		}
		for _, to := range r.GetTo() {
			if o := to.GetOperation(); o != nil {
				list = append(list, o)
			}
		}
	}
	return list
}

// operationField is what an operation asks for of one property of a request.
type operationField struct {
	name        string
	values, not []string
}

func operationFields(o *security.Operation) []operationField {
	return []operationField{
		{"ports", o.GetPorts(), o.GetNotPorts()},
		{"hosts", o.GetHosts(), o.GetNotHosts()},
		{"methods", o.GetMethods(), o.GetNotMethods()},
		{"paths", o.GetPaths(), o.GetNotPaths()},
	}
}

// operationTexts returns operations as a person says them: "methods POST, paths /admin*".
func operationTexts(operations []*security.Operation) []string {
	var list []string
	for _, o := range operations {
		var parts []string
		for _, f := range operationFields(o) {
			if len(f.values) > 0 {
				parts = append(parts, f.name+" "+strings.Join(f.values, " or "))
			}
			if len(f.not) > 0 {
				parts = append(parts, f.name+" other than "+strings.Join(f.not, " or "))
			}
		}
		list = append(list, strings.Join(parts, ", "))
	}
	return list
}

// coversRequests reports whether each of the operations of a policy before is within one of those after.
func coversRequests(after, before []*security.Operation) bool {
	return !slices.ContainsFunc(before, func(was *security.Operation) bool {
		return !slices.ContainsFunc(after, func(is *security.Operation) bool { return coversOperation(is, was) })
	})
}

// coversOperation reports whether an operation asks for nothing that another one does not.
func coversOperation(is, was *security.Operation) bool {
	narrow := operationFields(was)
	for i, wide := range operationFields(is) {
		covered := func(value string) bool {
			return slices.ContainsFunc(wide.values, func(pattern string) bool { return coversValue(pattern, value) })
		}
		within := len(wide.values) == 0 || len(narrow[i].values) > 0 && !slices.ContainsFunc(narrow[i].values, func(v string) bool { return !covered(v) })
		if !within || slices.ContainsFunc(wide.not, func(v string) bool { return !slices.Contains(narrow[i].not, v) }) {
			return false
		}
	}
	return true
}

// letsIn reports whether an ALLOW policy lets callers without an identity in where another policy keeps them out: anywhere, or, for a
// DENY policy for some operations, there.
func (a authorization) letsIn(other authorization) bool {
	denied := other.deniedOperations()
	return a.isAllow() && slices.ContainsFunc(a.rulesForAnybody(), func(r *security.Rule) bool {
		return other.keepsOut() || len(r.GetTo()) == 0 || slices.ContainsFunc(r.GetTo(), func(to *security.Rule_To) bool {
			return slices.ContainsFunc(denied, func(o *security.Operation) bool { return operationsMeet(to.GetOperation(), o) })
		})
	})
}

// operationsMeet reports whether a request may be one of both operations.
func operationsMeet(a, b *security.Operation) bool {
	others := operationFields(b)
	for i, f := range operationFields(a) {
		apart := len(f.values) > 0 && len(others[i].values) > 0 && !slices.ContainsFunc(f.values, func(v string) bool {
			return slices.ContainsFunc(others[i].values, func(other string) bool { return valuesMeet(v, other) })
		})
		if apart {
			return false
		}
	}
	return true
}

// valuesMeet reports whether two values may mean the same: of one with a wildcard at its beginning, or of a template of paths, no more
// is known.
func valuesMeet(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	unknown := func(v string) bool { return strings.HasPrefix(v, "*") || strings.Contains(v, "{") }
	return unknown(a) || unknown(b) || coversValue(a, b) || coversValue(b, a)
}

// coversValue reports whether a value, or all that one with a wildcard at its end means, is what a pattern means.
func coversValue(pattern, value string) bool {
	prefix, cut := strings.CutSuffix(pattern, "*")
	return pattern == value || cut && !strings.HasPrefix(value, "*") && strings.HasPrefix(value, prefix)
}

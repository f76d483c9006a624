package mesh

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// hasConflict reports whether a delegate's match asks for requests that its root's match does not let through, as Istio
// sees it (pilot/pkg/model/virtualservice.go hasConflict). A root's sourceNamespace must be repeated.
func hasConflict(root, leaf *networking.HTTPMatchRequest) bool {
	return stringMatchConflict(root.Uri, leaf.Uri) || stringMatchConflict(root.Scheme, leaf.Scheme) ||
		stringMatchConflict(root.Method, leaf.Method) || stringMatchConflict(root.Authority, leaf.Authority) ||
		stringMatchesConflict(root.Headers, leaf.Headers) || stringMatchesConflict(root.WithoutHeaders, leaf.WithoutHeaders) ||
		stringMatchesConflict(root.QueryParams, leaf.QueryParams) || root.IgnoreUriCase != leaf.IgnoreUriCase ||
		root.Port > 0 && leaf.Port > 0 && root.Port != leaf.Port ||
		root.SourceNamespace != "" && root.SourceNamespace != leaf.SourceNamespace ||
		labelsConflict(root.SourceLabels, leaf.SourceLabels) || gatewaysConflict(root.Gateways, leaf.Gateways)
}

func stringMatchesConflict(root, leaf map[string]*networking.StringMatch) bool {
	for key, text := range leaf {
		if stringMatchConflict(root[key], text) {
			return true
		}
	}
	return false
}

func labelsConflict(root, leaf map[string]string) bool {
	for key, value := range leaf {
		if have, ok := root[key]; ok && have != value {
			return true
		}
	}
	return false
}

// gatewaysConflict counts as well as looks: a list with one gateway twice is longer than its root's.
func gatewaysConflict(root, leaf []string) bool {
	if len(root) == 0 || len(leaf) == 0 {
		return false
	}
	return len(root) < len(leaf) || slices.ContainsFunc(leaf, func(g string) bool { return !slices.Contains(root, g) })
}

// stringMatchConflict compares what two matches say of one text (stringMatchConflict). Nobody tells whether one regular
// expression lies within another, so they conflict with all but nothing.
func stringMatchConflict(root, leaf *networking.StringMatch) bool {
	if root == nil || leaf == nil {
		return false
	}
	says := func(m *networking.StringMatch) bool { return m.GetRegex()+m.GetPrefix()+m.GetExact() != "" }
	if root.GetRegex() != "" && says(leaf) || leaf.GetRegex() != "" && says(root) {
		return true
	}
	switch {
	case root.GetExact() != "":
		return leaf.GetExact() != root.GetExact()
	case root.GetPrefix() != "" && says(leaf):
		return !strings.HasPrefix(leaf.GetPrefix()+leaf.GetExact(), root.GetPrefix())
	}
	return true
}

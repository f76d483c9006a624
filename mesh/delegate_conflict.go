package mesh

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// conflict tells whether a delegate's match asks for requests that its root's match does not let through, as Istio
// sees it (pilot/pkg/model/virtualservice.go hasConflict). A root's sourceNamespace must be repeated.
func conflict(root, leaf *networking.HTTPMatchRequest) bool {
	return conflictingText(root.Uri, leaf.Uri) || conflictingText(root.Scheme, leaf.Scheme) ||
		conflictingText(root.Method, leaf.Method) || conflictingText(root.Authority, leaf.Authority) ||
		conflictingTexts(root.Headers, leaf.Headers) || conflictingTexts(root.WithoutHeaders, leaf.WithoutHeaders) ||
		conflictingTexts(root.QueryParams, leaf.QueryParams) || root.IgnoreUriCase != leaf.IgnoreUriCase ||
		root.Port > 0 && leaf.Port > 0 && root.Port != leaf.Port ||
		root.SourceNamespace != "" && root.SourceNamespace != leaf.SourceNamespace ||
		conflictingLabels(root.SourceLabels, leaf.SourceLabels) || conflictingGateways(root.Gateways, leaf.Gateways)
}

func conflictingTexts(root, leaf map[string]*networking.StringMatch) bool {
	for key, text := range leaf {
		if conflictingText(root[key], text) {
			return true
		}
	}
	return false
}

func conflictingLabels(root, leaf map[string]string) bool {
	for key, value := range leaf {
		if have, ok := root[key]; ok && have != value {
			return true
		}
	}
	return false
}

// conflictingGateways counts as well as looks: a list with one gateway twice is longer than its root's.
func conflictingGateways(root, leaf []string) bool {
	if len(root) == 0 || len(leaf) == 0 {
		return false
	}
	return len(root) < len(leaf) || slices.ContainsFunc(leaf, func(g string) bool { return !slices.Contains(root, g) })
}

// conflictingText compares what two matches say of one text (stringMatchConflict). Nobody tells whether one regular
// expression lies within another, so they conflict with all but nothing.
func conflictingText(root, leaf *networking.StringMatch) bool {
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

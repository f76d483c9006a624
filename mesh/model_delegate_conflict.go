package mesh

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// hasConflict reports whether a delegate's match asks for requests that its root's match does not let through, as
// Istio sees it (pilot/pkg/model/virtualservice.go hasConflict). A root's sourceNamespace must be repeated by the
// delegate.
//
//	match of the root          match of the delegate        conflict
//	uri: {prefix: /video}      uri: {prefix: /video/hd}     false
//	uri: {prefix: /video}      uri: {prefix: /news}         true
//	port: 80                   none                         false
//	sourceNamespace: shop      none                         true
func hasConflict(root, leaf *networking.HTTPMatchRequest) bool {
	return stringMatchConflict(root.Uri, leaf.Uri) || stringMatchConflict(root.Scheme, leaf.Scheme) ||
		stringMatchConflict(root.Method, leaf.Method) || stringMatchConflict(root.Authority, leaf.Authority) ||
		stringMatchesConflict(root.Headers, leaf.Headers) || stringMatchesConflict(root.WithoutHeaders, leaf.WithoutHeaders) ||
		stringMatchesConflict(root.QueryParams, leaf.QueryParams) || root.IgnoreUriCase != leaf.IgnoreUriCase ||
		root.Port > 0 && leaf.Port > 0 && root.Port != leaf.Port ||
		root.SourceNamespace != "" && root.SourceNamespace != leaf.SourceNamespace ||
		labelsConflict(root.SourceLabels, leaf.SourceLabels) || gatewaysConflict(root.Gateways, leaf.Gateways)
}

// stringMatchesConflict reports whether the matches of one header or parameter conflict.
func stringMatchesConflict(root, leaf map[string]*networking.StringMatch) bool {
	for key, text := range leaf {
		if stringMatchConflict(root[key], text) {
			return true
		}
	}
	return false
}

// labelsConflict reports whether one label has different values.
func labelsConflict(root, leaf map[string]string) bool {
	for key, value := range leaf {
		if have, ok := root[key]; ok && have != value {
			return true
		}
	}
	return false
}

// gatewaysConflict reports whether a delegate names a gateway that its root does not, or more of them, counting
// repetitions.
func gatewaysConflict(root, leaf []string) bool {
	if len(root) == 0 || len(leaf) == 0 {
		return false
	}
	return len(root) < len(leaf) || slices.ContainsFunc(leaf, func(g string) bool { return !slices.Contains(root, g) })
}

// stringMatchConflict reports whether two matches of one text conflict (pilot/pkg/model/virtualservice.go
// stringMatchConflict):
//  1. A regular expression conflicts with anything that is set.
//  2. An exact text conflicts with any but the same exact text.
//  3. A prefix conflicts with what does not start with it.
func stringMatchConflict(root, leaf *networking.StringMatch) bool {
	if root == nil || leaf == nil {
		return false
	}
	switch {
	case root.GetExact() != "":
		return leaf.GetExact() != root.GetExact()
	case root.GetPrefix() != "" && leaf.GetRegex()+leaf.GetPrefix()+leaf.GetExact() != "":
		return !strings.HasPrefix(leaf.GetPrefix()+leaf.GetExact(), root.GetPrefix())
	}
	return true // a regular expression
}

package mesh

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	extensions "istio.io/api/extensions/v1alpha1"
	security "istio.io/api/security/v1beta1"
)

// PlaintextCall is a call to a host outside that the control plane or a proxy's agent makes itself, without TLS. No proxy is on
// its way, so that no DestinationRule starts TLS for it.
type PlaintextCall struct {
	// Field is the path of the URL, as "spec.jwtRules[0].jwksUri".
	Field string `json:"field"`
	Host  string `json:"host"`
}

// PlaintextCalls returns the calls to hosts outside that an object makes Istio itself do without TLS; o is nil where the object
// is deleted.
//  1. The keys of a RequestAuthentication's jwtRules, and where a rule has none and says not where they are, the OpenID
//     document of its issuer, which names them (pilot/pkg/model/jwks_resolver.go).
//  2. The module of a WasmPlugin or a TrafficExtension (pkg/wasm/cache.go).
//
// Example:
//
//	kind: RequestAuthentication
//	spec: {jwtRules: [{issuer: idp, jwksUri: "http://idp.example/keys"}]}   # spec.jwtRules[0].jwksUri, idp.example
func (s *Snapshot) PlaintextCalls(o *Object) []PlaintextCall {
	if o == nil {
		return nil
	}
	var calls []PlaintextCall
	add := func(field, address string) {
		if host := plaintextHost(address); host != "" && s.isCalledOutside(host) {
			calls = append(calls, PlaintextCall{Field: field, Host: host})
		}
	}
	switch spec := o.Spec.(type) {
	case *security.RequestAuthentication:
		for i, rule := range spec.JwtRules {
			switch {
			case rule.GetJwksUri() != "":
				add(fmt.Sprintf("spec.jwtRules[%d].jwksUri", i), rule.JwksUri)
			case rule.GetJwks() == "":
				add(fmt.Sprintf("spec.jwtRules[%d].issuer", i), rule.GetIssuer())
			}
		}
	case *extensions.WasmPlugin:
		add("spec.url", spec.Url)
	case *extensions.TrafficExtension:
		add("spec.wasm.url", spec.GetWasm().GetUrl())
	}
	return calls
}

// plaintextHost returns the host of an http:// URL in lower case, "" for anything else.
func plaintextHost(address string) string {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Scheme != "http" {
		return ""
	}
	return strings.TrimSuffix(strings.ToLower(parsed.Hostname()), ".")
}

// isCalledOutside reports whether what Istio itself calls by a name or an address is outside the mesh. Names without a dot and
// NAME.NAMESPACE of a Service that is known are completed by the resolver of the pod; *.svc and what is below the cluster's
// domain are Services.
func (s *Snapshot) isCalledOutside(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return s.settings.isOutside(host, false)
	}
	if !strings.Contains(host, ".") || strings.HasSuffix(host, ".svc") || strings.HasSuffix(host, ".localhost") ||
		strings.HasSuffix(host, "."+s.settings.ClusterDomain) {
		return false
	}
	if len(s.services.At(host+".svc."+s.settings.ClusterDomain)) > 0 {
		return false
	}
	return len(s.services.At(host)) == 0 || s.isExternal(host)
}

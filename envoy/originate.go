package envoy

import (
	"cmp"
	"net/netip"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
)

// originate returns the TLS that a context makes for a branch towards an endpoint, nil for no context. The options are
// those for HTTP, nil for TCP.
func originate(b branch, options *corev3.UpstreamHttpProtocolOptions, context *tlsv3.UpstreamTlsContext, e Endpoint) *TLS {
	if context == nil {
		return nil
	}
	common := context.GetCommonTlsContext()
	t := &TLS{ALPN: common.GetAlpnProtocols(), ClientCertificate: clientCertificate(common)}
	t.validate(common)
	t.name(b, options, context, e)
	if context.GetAutoSniSanValidation() && t.ServerNameFrom != NameNone {
		// The names of the context do not count then (docs: auto_sni_san_validation).
		name := t.ServerName
		t.Names, t.AutoName = nil, &name
	}
	return t
}

// name sets the SNI and the name that comes with it:
//
//  1. For HTTP, auto_sni and auto_san_validation take the Host header as the route has left it, without its port, or the
//     header that override_auto_sni_header names; of an IP address only the certificate's name is checked
//     (source/common/router/router.cc, decodeHeaders).
//  2. auto_host_sni takes the endpoint's name.
//  3. Otherwise it is the context's sni (source/common/tls/client_context_impl.cc, newSsl).
func (t *TLS) name(b branch, options *corev3.UpstreamHttpProtocolOptions, context *tlsv3.UpstreamTlsContext, e Endpoint) {
	host, from, specified := automaticName(b.request, options)
	_, err := netip.ParseAddr(host)
	if options.GetAutoSanValidation() {
		t.AutoName = &host
	}
	switch {
	case options.GetAutoSni() && (err != nil || !specified):
		t.ServerName, t.ServerNameFrom = host, from
	case context.GetAutoHostSni() && e.hostname() != "":
		t.ServerName, t.ServerNameFrom = e.hostname(), NameEndpoint
	case context.GetSni() != "":
		t.ServerName, t.ServerNameFrom = context.GetSni(), NameConfig
	}
}

// automaticName returns the name that auto_sni takes from a request, and whether the request specifies it.
func automaticName(r Request, options *corev3.UpstreamHttpProtocolOptions) (name string, from NameSource, specified bool) {
	host, from := r.Host, NameAuthority
	if override := options.GetOverrideAutoSniHeader(); override != "" {
		switch value, known := r.header(override); {
		case known == maybe:
			return "", NameHeader, false
		case value != "":
			host, from = value, NameHeader
		}
	}
	host, _ = splitPort(host)
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return host, from, host != ""
}

// validate sets what of the server's certificate is checked. A combined context's secret adds the authorities
// (api/envoy/extensions/transport_sockets/tls/v3/tls.proto, CombinedCertificateValidationContext).
func (t *TLS) validate(common *tlsv3.CommonTlsContext) {
	validation, secret := common.GetValidationContext(), common.GetValidationContextSdsSecretConfig().GetName()
	if combined := common.GetCombinedValidationContext(); combined != nil {
		validation = combined.GetDefaultValidationContext()
		secret = combined.GetValidationContextSdsSecretConfig().GetName()
	}
	t.CA = authorities(validation, secret)
	for _, m := range validation.GetMatchTypedSubjectAltNames() {
		t.Names = append(t.Names, nameMatcher(m.GetMatcher(), sanType(m.GetSanType())))
	}
	if len(t.Names) == 0 {
		for _, m := range validation.GetMatchSubjectAltNames() {
			t.Names = append(t.Names, nameMatcher(m, ""))
		}
	}
	t.Insecure = t.CA.Kind == CANone ||
		validation.GetTrustChainVerification() == tlsv3.CertificateValidationContext_ACCEPT_UNTRUSTED
}

func sanType(t tlsv3.SubjectAltNameMatcher_SanType) string {
	if t == tlsv3.SubjectAltNameMatcher_SAN_TYPE_UNSPECIFIED {
		return ""
	}
	return t.String()
}

func authorities(v *tlsv3.CertificateValidationContext, secret string) CA {
	trusted := v.GetTrustedCa()
	switch {
	case v.GetCustomValidatorConfig() != nil:
		return CA{CACustom, v.GetCustomValidatorConfig().GetName()}
	case trusted.GetFilename() != "":
		return CA{CAFile, trusted.GetFilename()}
	case secret != "":
		return CA{CASecret, secret}
	case trusted.GetSpecifier() != nil:
		return CA{CAInline, trusted.GetEnvironmentVariable()}
	case v.GetSystemRootCerts() != nil:
		return CA{Kind: CASystem}
	case v.GetCaCertificateProviderInstance() != nil:
		return CA{CASecret, v.GetCaCertificateProviderInstance().GetInstanceName()}
	case len(v.GetVerifyCertificateSpki())+len(v.GetVerifyCertificateHash()) > 0:
		return CA{Kind: CAPinned}
	}
	return CA{}
}

// clientCertificate returns the name of the certificate that a context shows, "inline" for one that has none.
func clientCertificate(common *tlsv3.CommonTlsContext) string {
	if secrets := common.GetTlsCertificateSdsSecretConfigs(); len(secrets) > 0 {
		return secrets[0].GetName()
	}
	if certificates := common.GetTlsCertificates(); len(certificates) > 0 {
		return cmp.Or(certificates[0].GetCertificateChain().GetFilename(), "inline")
	}
	return common.GetTlsCertificateProviderInstance().GetInstanceName()
}

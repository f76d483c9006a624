package envoy

import (
	"fmt"
	"strings"
)

// TLS is the TLS that a proxy originates towards an endpoint.
type TLS struct {
	// ServerName is the SNI that is sent, empty where none is, and where it is taken from an authority or endpoint that
	// is unspecified.
	ServerName string
	// ServerNameFrom says what chose ServerName.
	ServerNameFrom NameSource
	// Names are the subject alternative names of which the server's certificate must have one; any name will do where
	// they are empty and AutoName is nil.
	Names []NameMatcher
	// AutoName is a name that the certificate must have besides, from the request or the SNI; nil where none is asked
	// for. It is empty where that is unspecified.
	AutoName *string
	// CA is what the server's certificate must be signed by.
	CA CA
	// Insecure reports that nothing of the server's certificate is checked, or that its chain need not be trusted.
	Insecure bool
	// ClientCertificate is the name or file of the certificate that the proxy shows, empty where it has none.
	ClientCertificate string
	// ALPN are the application protocols that the context lists.
	ALPN []string
}

// NameSource is what chose a server name.
type NameSource string

const (
	// NameNone is no server name at all.
	NameNone NameSource = ""
	// NameConfig is the sni of the TLS context.
	NameConfig NameSource = "config"
	// NameAuthority is the Host header as it leaves (auto_sni).
	NameAuthority NameSource = "authority"
	// NameHeader is another header of the request (override_auto_sni_header).
	NameHeader NameSource = "header"
	// NameEndpoint is the endpoint's own name (auto_host_sni).
	NameEndpoint NameSource = "endpoint"
)

// CAKind is where the trusted authorities come from.
type CAKind string

const (
	// CANone trusts nobody: the chain is not verified.
	CANone CAKind = ""
	// CAFile is a file of the proxy.
	CAFile CAKind = "file"
	// CAInline is part of the configuration.
	CAInline CAKind = "inline"
	// CASystem is the operating system's bundle.
	CASystem CAKind = "system"
	// CASecret is a secret that the proxy asks for over SDS.
	CASecret CAKind = "secret"
	// CAPinned are fingerprints of the certificate or its key.
	CAPinned CAKind = "pinned"
	// CACustom is a validator of its own, such as SPIFFE's.
	CACustom CAKind = "custom"
)

// CA names trusted authorities.
type CA struct {
	Kind CAKind
	// Name is the file, the secret or the validator.
	Name string
}

// NameMatcher is a condition on a subject alternative name.
type NameMatcher struct {
	// Kind is exact, prefix, suffix, contains or regex; "unknown" for any other.
	Kind  string
	Value string
	// Type is DNS, URI, EMAIL, IP_ADDRESS or OTHER_NAME, empty for any.
	Type       string
	IgnoreCase bool
}

// String returns the matcher as kind:value, an exact one as its value alone.
func (m NameMatcher) String() string {
	if m.Kind == "exact" {
		return m.Value
	}
	return m.Kind + ":" + m.Value
}

// String returns the TLS in one line.
func (t *TLS) String() string {
	var parts []string
	if t.ServerNameFrom != NameNone {
		parts = append(parts, fmt.Sprintf("sni=%s from %s", t.ServerName, t.ServerNameFrom))
	}
	for _, n := range t.Names {
		parts = append(parts, "san="+n.String())
	}
	if t.AutoName != nil {
		parts = append(parts, "auto san="+*t.AutoName)
	}
	if t.CA.Kind != CANone {
		parts = append(parts, fmt.Sprintf("ca=%s %s", t.CA.Kind, t.CA.Name))
	}
	if t.Insecure {
		parts = append(parts, "insecure")
	}
	if t.ClientCertificate != "" {
		parts = append(parts, "cert="+t.ClientCertificate)
	}
	return "TLS{" + strings.Join(parts, " ") + "}"
}

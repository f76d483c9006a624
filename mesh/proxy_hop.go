package mesh

// Hop is one hop of a path, from one proxy to the next or out of the mesh, as a person sees it.
type Hop struct {
	// From and To are proxies or hosts, as a person names them.
	From string `json:"from"`
	To   string `json:"to"`
	// Port is the port that the bytes are sent to (the effective one: endpoint port, targetPort or number).
	Port uint32 `json:"port"`
	// Protocol is the declared protocol of the destination's port.
	Protocol string `json:"protocol"`
	// TLS is the mode of the TLS that the proxy starts on this hop (SIMPLE, MUTUAL, ISTIO_MUTUAL), "" for none.
	TLS string `json:"tls"`
	// SNI is the server name sent; "" when none is sent. AutoSNI means that it is taken from the Host header.
	SNI     string `json:"sni"`
	AutoSNI bool   `json:"autoSNI,omitempty"`
	// Names are the subject alternative names checked. AutoNames means that the Host header's is checked.
	Names     []string `json:"names"`
	AutoNames bool     `json:"autoNames,omitempty"`
	// BorrowedName is the other declared host for whose name the server is checked, by a rule for several; "" for none.
	BorrowedName string `json:"borrowedName,omitempty"`
	// Verified reports whether the server's name is checked on this hop.
	Verified bool `json:"verified"`
	// Insecure is true for insecureSkipVerify.
	Insecure bool `json:"insecure,omitempty"`
	// DecidedBy is what decided the TLS of this hop; nil if no object did.
	DecidedBy *Decision `json:"decidedBy"`
}

// verifiesName reports whether the server's certificate is checked for a name. One from the Host header is checked
// for requests only.
func (h Hop) verifiesName(payload Family) bool {
	return !h.Insecure && (len(h.Names) > 0 || h.AutoNames && (payload == FamilyHTTP || payload == FamilyUnspecified))
}

// verifiesNameOf reports whether the certificate of a service's server is checked for a name. For ISTIO_MUTUAL
// setIstioMutualNames knows.
func (h Hop) verifiesNameOf(svc scopedService, payload Family) bool {
	if h.TLS == "" || svc.service == nil {
		return false
	}
	if h.TLS == "ISTIO_MUTUAL" {
		return h.Verified
	}
	return h.verifiesName(payload)
}

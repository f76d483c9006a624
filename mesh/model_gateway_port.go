package mesh

// portServers are the servers that a gateway's pods have on one port, as mergedServersOn returns them. For a client's
// hop to the port the protocol and the TLS mode of the first one count: the others differ in their hosts alone, or
// are for nobody who speaks so.
type portServers []gatewayServer

// tlsMode returns the TLS mode of the servers, "" if they are for plaintext or there are none.
func (l portServers) tlsMode() string {
	if len(l) == 0 || !l[0].isTLS() {
		return ""
	}
	return l[0].tls.Mode.String()
}

// sniHosts returns the names by which the servers are chosen for TLS.
func (l portServers) sniHosts() []string {
	var list []string
	for _, srv := range l {
		list = append(list, srv.sniHosts()...)
	}
	return list
}

// payload returns what a client's bytes are to the gateway inside the TLS that it terminates; "" if there are no servers.
func (l portServers) payload() Family {
	switch {
	case len(l) == 0:
		return ""
	case l[0].isTLS() && l[0].isTLSPassthrough():
		return FamilyTLS
	case l[0].family == FamilyTLS:
		return FamilyHTTP
	}
	return l[0].family
}

// unwrapTLS reports whether the servers end the TLS that comes to them and pass on what is inside as bytes, by tcp routes. So
// the application's own TLS may be in it:
//
//	port: {number: 443, name: tls, protocol: TLS}
//	tls: {mode: ISTIO_MUTUAL}
func (l portServers) unwrapTLS() bool {
	return len(l) > 0 && l[0].isTLS() && !l[0].isTLSPassthrough() && !l[0].routesHTTP()
}

// speakTLS reports whether the servers' protocol is HTTPS or TLS.
func (l portServers) speakTLS() bool { return len(l) > 0 && l[0].family == FamilyTLS }

# METADATA
# title: An SNI that the server does not have
# description: |-
#   The name that the handshake asks for is not a host of the ServiceEntry, or no host of the Gateway server that ends
#   it: the server answers with another certificate, or with none. The name of an endpoint is warned of only.
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings
#     description: ClientTLSSettings
# custom:
#   id: sni-mismatch
#   action: deny
#   kinds: [DestinationRule, Gateway, ServiceEntry, VirtualService]
package tlsward.sni_mismatch

import data.tlsward.lib

violation contains lib.at(f, {"message": _message(f, sni), "fix": _fix(f), "action": _action(f, sni)}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.sniHosts
	some i, hop in f.hops
	hop.sni != ""
	i == count(f.hops) - 1
	_encrypts(f)
	sni := hop.sni
	not _served(f, sni)
}

_encrypts(f) if f.hopKind == "gateway"

_encrypts(f) if f.verdict in {"originated", "double-tls"}

_served(f, sni) if {
	some host in f.sniHosts
	lib.covers(host, sni)
}

_action(f, sni) := "warn" if {
	f.hopKind == "egress"
	some host in f.endpointHosts
	lower(host) == lower(sni)
} else := "deny"

_message(f, sni) := lib.says(f, sprintf(
	concat(" ", [
		"the handshake with the gateway asks for %s, and its server answers to %s only: no connection.",
		"The name is in %s.",
	]),
	[sni, concat(", ", f.sniHosts), lib.decided(f)],
)) if {
	f.hopKind == "gateway"
} else := lib.says(f, sprintf(
	"the handshake asks the server for %s, and the host is %s: another server's certificate comes back. %s",
	[sni, concat(", ", f.sniHosts), _origin(f)],
))

_origin(f) := sprintf("%s sets that Host header, and the SNI is taken from it.", [f.related]) if {
	_rewritten(f)
} else := sprintf("The name is in %s.", [lib.decided(f)])

# rewritten is true where the SNI is taken from a Host header that a route sets.
_rewritten(f) if {
	lib.last(f).autoSNI
	f.related
}

_fix(f) := sprintf("# The rule that decides is for other hosts too. Let %s set a Host header that the server has: %s.\n", [
	f.related,
	_own_name(f),
]) if {
	_rewritten(f)
	startswith(f.host, "*")
} else := lib.alone(f, object.union(_names(f), {sprintf("%s.subjectAltNames", [lib.tls_path(f)]): [_own_name(f)]})) if {
	f.hopKind == "egress"
	f.wildcardRule
	_pins(f)
} else := lib.change(lib.last(f).decidedBy.object, _names(f)) if {
	lib.last(f).decidedBy.object
} else := "# Send the SNI that the server has.\n"

# pins is true where the right name has to be written down.
_pins(f) if {
	some path, name in _names(f)
	endswith(path, ".sni")
	name
}

_own_name(f) := lib.server_name(f, replace(f.sniHosts[0], "*", "www"))

# The workload's own certificate, and the cluster's name as SNI, are for the mesh: outside, TLS starts as for anybody.
_names(f) := object.union({sprintf("%s.mode", [lib.tls_path(f)]): "SIMPLE"}, _renamed(f)) if {
	f.hopKind == "egress"
	lib.last(f).tls == "ISTIO_MUTUAL"
} else := {
	sprintf("%s.sni", [lib.tls_path(f)]): _own_name(f),
	sprintf("%s.subjectAltNames", [lib.tls_path(f)]): [_own_name(f)],
} if {
	_rewritten(f)
} else := {sprintf("%s.sni", [lib.tls_path(f)]): _name(f)}

# A name of its own would be sent then too.
_renamed(f) := {} if {
	startswith(lib.last(f).sni, "outbound_")
} else := {sprintf("%s.sni", [lib.tls_path(f)]): _name(f)}

# Without an sni the proxy takes the one from the Host header: HTTP only, and never towards a gateway.
_name(f) := null if {
	f.hopKind == "egress"
	f.payload == "http"
} else := _own_name(f)

# METADATA
# title: Plaintext until a partner object arrives
# description: |-
#   Traffic leaves in plaintext, or goes in plaintext to a gateway's TLS port, until an object that has not arrived yet
#   starts TLS for it: a DestinationRule, for most. A warning, so that the objects of a file can be applied in any order;
#   a denial under strict. Silent where another policy says why the traffic is in plaintext.
# related_resources:
#   - ref: https://istio.io/latest/docs/tasks/traffic-management/egress/egress-tls-origination/
#     description: TLS origination for egress traffic
# custom:
#   id: tls-pending
#   action: warn
#   kinds: [DestinationRule, Gateway, ServiceEntry, VirtualService]
package tlsward.tls_pending

import data.tlsward.lib

violation contains lib.at(f, {"message": _message(f), "fix": _fix(f)}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.verdict == "plaintext"
	f.cause == "no-rule"
	not lib.lost(f)
	not lib.opened(f)
	_pending(f)
}

_pending(f) if {
	f.hopKind == "egress"
	_readable(f)
	not lib.gateway_route(f)
	not [f.host, f.port] in _explained
}

_pending(f) if {
	f.hopKind == "gateway"
	f.serverTLS
}

_readable(f) if f.payload == "http"

# TLS that a gateway has taken off is gone, whatever the port says.
_readable(f) if {
	f.payload == "opaque"
	f.family == "tls"
}

# Another policy says why these are in plaintext: one cause, one id.
_explained contains [f.host, f.port] if {
	some f in input.egress
	_other(f)
}

_other(f) if {
	f.verdict == "plaintext"
	f.cause == "unselected"
}

_other(f) if f.ignored

_other(f) if f.cause in {"unknown-host", "case-mismatch"}

_other(f) if f.family == "unspecified"

_other(f) if {
	f.family == "opaque"
	f.payload == "opaque"
}

_message(f) := lib.says(f, sprintf(
	"plaintext to a port of the gateway that expects %s TLS, until a DestinationRule starts it.",
	[f.serverTLS],
)) if {
	f.hopKind == "gateway"
} else := lib.says(f, sprintf(
	"%s leaves the mesh in plaintext%s until a DestinationRule starts TLS: %s.",
	[lib.bytes(f), lib.arrives(f), lib.because(f)],
))

_fix(f) := lib.rule(f, _server_tls(f)) if {
	f.hopKind == "gateway"
} else := lib.rule(f, {"mode": "SIMPLE"})

# The gateway accepts the mesh's own certificates only under a name that its server has.
_server_tls(f) := {"mode": "ISTIO_MUTUAL", "sni": name} if {
	f.serverTLS == "ISTIO_MUTUAL"
	name := lib.server_name(f, "")
	name != ""
} else := {"mode": "ISTIO_MUTUAL"} if {
	f.serverTLS == "ISTIO_MUTUAL"
} else := {"mode": "SIMPLE"}

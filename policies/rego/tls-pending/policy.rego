# METADATA
# title: TLS waits for a partner object
# description: |-
#   Traffic leaves in plaintext until an object that has not arrived yet, a DestinationRule for most, starts TLS for
#   it. A warning, so that a file whose objects belong together can be applied in any order; a denial under strict.
# related_resources:
#   - ref: https://istio.io/latest/docs/tasks/traffic-management/egress/egress-tls-origination/
#     description: TLS origination for egress traffic
# custom:
#   id: tls-pending
#   action: warn
#   kinds: [DestinationRule, Gateway, ServiceEntry, Sidecar, VirtualService]
package tlsward.tls_pending

import data.tlsward.lib

violation contains lib.at(f, {"message": sprintf("%s to %s:%d is plaintext until a DestinationRule arrives", [lib.client(f.client), f.host, f.port])}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.verdict == "plaintext"
	f.cause == "no-rule"
	not lib.lost(f)
	_pending(f)
}

_pending(f) if {
	f.leg == "egress"
	_readable(f)
	not _gateway_route(f)
	not [f.host, f.port] in _explained
}

_pending(f) if {
	f.leg == "gateway"
	f.serverTLS
}

_readable(f) if f.payload == "http"

_readable(f) if {
	f.payload == "opaque"
	f.family == "tls"
}

# A gateway route that takes plaintext out is denied by plaintext-egress.
_gateway_route(f) if {
	input.request.kind == "VirtualService"
	f.client.kind == "gateway"
	f.payload == "http"
	f.family == "http"
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

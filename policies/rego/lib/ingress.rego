package tlsward.lib

# METADATA
# description: |-
#   A violation of the way from an Ingress's controller to a server of a gateway, with a text on what is wrong. Whatever that
#   is, the fix is what leads there by TLS, to a server that is checked: whoever does one step of it only comes to the next.
ingress_violation(leg, text) := {
	"client": object_name(leg.ingress),
	"host": leg.service,
	"port": leg.port,
	"decidedBy": _ingress_decided_by(leg),
	"message": sprintf("%s to %s:%d: %s", [object_name(leg.ingress), leg.service, leg.port, text]),
	"fix": _ingress_fix(leg),
}

# An annotation that the object does not have decides nothing that a person could look up.
_ingress_decided_by(leg) := object_name(leg.decidedBy.object) if {
	leg.decidedBy.object == reviewed_object
	not input.object.metadata.annotations[_annotation(leg)]
} else := sprintf("%s %s", [object_name(leg.decidedBy.object), leg.decidedBy.field])

_annotation(leg) := trim_suffix(trim_prefix(leg.decidedBy.field, "metadata.annotations["), "]")

_ingress_fix(leg) := concat("", array.concat(
	[sprintf("# %s, annotations, for a port whose server ends TLS:\n", [object_name(leg.decidedBy.object)])],
	[sprintf("#   %s: '%s'\n", [key, value]) | some key, value in _ingress_annotations(leg)],
))

# What each controller reads; where there is a name to fill in, it is in angle brackets.
default _ingress_annotations(_) := {}

_ingress_annotations(leg) := {
	"nginx.ingress.kubernetes.io/backend-protocol": "HTTPS",
	"nginx.ingress.kubernetes.io/proxy-ssl-name": _name_to_ask_for(leg),
	"nginx.ingress.kubernetes.io/proxy-ssl-secret": sprintf("%s/<secret with ca.crt, tls.crt and tls.key>", [leg.ingress.namespace]),
	"nginx.ingress.kubernetes.io/proxy-ssl-server-name": "on",
	"nginx.ingress.kubernetes.io/proxy-ssl-verify": "on",
} if {
	startswith(_annotation(leg), "nginx.ingress.kubernetes.io/")
} else := {"ingress.bluemix.net/ssl-services": sprintf("ssl-service=%s ssl-secret=<secret> proxy-ssl-name=%s", [
	split(leg.service, "/")[1],
	_name_to_ask_for(leg),
])} if {
	_annotation(leg) == "ingress.bluemix.net/ssl-services"
} else := {_annotation(leg): `{"<name of the port>":"HTTPS"}`} if {
	_annotation(leg) == "cloud.google.com/app-protocols"
} else := {_annotation(leg): "https"} if {
	startswith(_annotation(leg), "traefik.ingress.kubernetes.io/")
} else := {_annotation(leg): "HTTPS"}

# A name that the server has, and that is no wildcard.
_name_to_ask_for(leg) := array.concat([name | some name in leg.serverHosts; not contains(name, "*")], ["<host>"])[0]

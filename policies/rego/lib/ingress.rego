package tlsward.lib

# METADATA
# description: |-
#   A violation of the way from an Ingress's controller to a server of a gateway, with a text on what is wrong.
ingress_violation(leg, text, fix) := {
	"client": object_name(leg.ingress),
	"host": leg.service,
	"port": leg.port,
	"decidedBy": sprintf("%s %s", [object_name(leg.decidedBy.object), leg.decidedBy.field]),
	"message": sprintf("%s to %s:%d: %s", [object_name(leg.ingress), leg.service, leg.port, text]),
	"fix": fix,
}

# METADATA
# description: How a person mends what the controller of an Ingress does, in words, since each controller has its own.
ingress_fix(leg, text) := sprintf("# %s: %s\n", [object_name(leg.decidedBy.object), text])

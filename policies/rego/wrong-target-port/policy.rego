# METADATA
# title: TLS goes to a TLS port
# description: |-
#   TLS is originated towards a port known as plaintext.
# custom:
#   id: wrong-target-port
#   action: warn
#   kinds: [DestinationRule, Gateway, ServiceEntry, Sidecar, VirtualService]
package tlsward.wrong_target_port

import data.tlsward.lib

violation contains lib.at(f, {"message": sprintf("%s to %s:%d: TLS to port 80", [lib.client(f.client), f.host, f.port])}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.leg == "egress"
	f.verdict == "originated"
	80 in f.targetPorts
}

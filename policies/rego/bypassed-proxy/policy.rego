# METADATA
# title: A pod that sends past its proxy
# description: |-
#   A pod of the mesh has no proxy, or sends something past it: by sidecar.istio.io/inject, by what iptables exclude, by
#   hostNetwork, by a configuration of the proxy that is not the mesh's, or since its containers run as the proxy's user or
#   may change the network. What it sends then leaves as the application writes it, whatever rules say. So it is told where
#   what is sent to it does not come to its proxy: on these ports no AuthorizationPolicy is asked. On the command line
#   pods and their templates are judged by this; in a cluster by a ValidatingAdmissionPolicy that the chart brings, so
#   that no pod's start hangs on a webhook.
# related_resources:
#   - ref: https://istio.io/latest/docs/ops/best-practices/security/#understand-traffic-capture-limitations
#     description: Traffic capture limitations
# custom:
#   id: bypassed-proxy
#   action: warn
#   kinds: [CronJob, DaemonSet, Deployment, Job, Pod, ReplicaSet, ReplicationController, StatefulSet]
package tlsward.bypassed_proxy

import data.tlsward.lib

violation contains {"message": _message(bypass), "decidedBy": lib.reviewed_field(bypass.field), "fix": _fix(bypass)} if {
	some bypass in input.bypasses
}

_message(bypass) := sprintf("%s: %s: %s.", [lib.object_name(lib.reviewed_object), bypass.field, _means[bypass.means]])

_means := {
	"no-proxy": "its pods have no proxy, and what they send leaves as the application writes it",
	"excluded": "some of what its pods send is not redirected to the proxy, and leaves as the application writes it",
	"inbound": "some of what is sent to its pods is not redirected to the proxy, so that no AuthorizationPolicy is asked there",
	"other-proxy": "the proxy of its pods is not configured as the mesh's are",
	"privileged": "its containers may send as the proxy does, or change what is redirected to it",
}

_fix(bypass) := lib.set_fields(lib.reviewed_object, {bypass.field: null})

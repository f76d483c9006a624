package mesh

import "encoding/json"

// ListenerSet is what the mesh reads of the spec of a gateway.networking.k8s.io ListenerSet: listeners for somebody else's Gateway.
//
//	kind: ListenerSet
//	metadata: {name: team-a, namespace: team-a}
//	spec:
//	  parentRef: {name: egress, namespace: gateways}   # which allows it by spec.allowedListeners
//	  listeners: [{name: http, port: 80, protocol: HTTP}]
type ListenerSet struct {
	// Parent is the Gateway.
	Parent    RouteParent
	Listeners []KubernetesListener
}

// decodeListenerSet reads the spec of a ListenerSet. A listener for HTTP or HTTPS without a port has the usual one
// (pilot/pkg/config/kube/gatewaycommon/gateway_utils.go ListenerEntryPortNumber).
func decodeListenerSet(raw json.RawMessage) (*ListenerSet, error) {
	var spec struct {
		ParentRef RouteParent          `json:"parentRef"`
		Listeners []kubernetesListener `json:"listeners"`
	}
	if err := unmarshal(raw, &spec); err != nil {
		return nil, err
	}
	set := &ListenerSet{Parent: spec.ParentRef, Listeners: decodedListeners(spec.Listeners)}
	for i := range set.Listeners {
		l := &set.Listeners[i]
		switch {
		case l.Port != 0:
		case l.Protocol == "HTTP":
			l.Port = 80
		case l.Protocol == "HTTPS":
			l.Port = 443
		}
	}
	return set, nil
}

// gateway returns the Gateway to which a ListenerSet of a namespace belongs; ok is false where it names something else.
func (l *ListenerSet) gateway(namespace string) (ref Ref, ok bool) {
	ref, ok = l.Parent.ref(namespace)
	return ref, ok && ref.Kind == KindKubernetesGateway
}

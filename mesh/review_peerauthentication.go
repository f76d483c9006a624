package mesh

import (
	"fmt"
	"maps"
	"slices"

	security "istio.io/api/security/v1beta1"
)

// noLongerStrict returns the fields of a PeerAuthentication under review by which pods that took mutual TLS alone take plaintext,
// too, as it is now or without it. Here the second one opens a port:
//
//	metadata: {name: default, namespace: shop}    metadata: {name: cart, namespace: shop}
//	spec: {mtls: {mode: STRICT}}                  spec:
//	                                                selector: {matchLabels: {app: cart}}
//	                                                portLevelMtls: {8080: {mode: PERMISSIVE}}
//
// DISABLE is told for itself.
func (s *Snapshot) noLongerStrict(before *Snapshot, object, stored *Object) []OutsideModel {
	var versions []*Object
	ports := []uint32{otherPorts}
	for _, o := range []*Object{object, stored} {
		if o != nil && o.Kind == KindPeerAuthentication {
			versions = append(versions, o)
			ports = slices.AppendSeq(ports, maps.Keys(o.Spec.(*security.PeerAuthentication).GetPortLevelMtls()))
		}
	}
	slices.Sort(ports)
	var found []OutsideModel
	told := map[string]bool{}
	for _, o := range versions {
		pods := o.Spec.(*security.PeerAuthentication).GetSelector().GetMatchLabels()
		for _, port := range slices.Compact(ports) {
			now, field := s.modeAt(o.Namespace, pods, port), fieldOfMode(object, port)
			isOpened := before.modeAt(o.Namespace, pods, port) == strictMode && now != strictMode
			if !isOpened || told[field] || now == disabledMode && object != nil {
				continue
			}
			told[field] = true
			found = append(found, OutsideModel{Field: field, Means: MeansNotStrict})
		}
	}
	return found
}

const (
	strictMode   = security.PeerAuthentication_MutualTLS_STRICT
	disabledMode = security.PeerAuthentication_MutualTLS_DISABLE
	unsetMode    = security.PeerAuthentication_MutualTLS_UNSET
	// otherPorts stands for the ports for which no PeerAuthentication says anything.
	otherPorts = 0
)

// fieldOfMode returns the field that sets the mode of a port; of an object that is gone, the mode.
func fieldOfMode(o *Object, port uint32) string {
	if o != nil && o.Spec.(*security.PeerAuthentication).GetPortLevelMtls()[port].GetMode() != unsetMode {
		return fmt.Sprintf("spec.portLevelMtls[%d].mode", port)
	}
	return "spec.mtls.mode"
}

// modeAt returns the mode in which pods with these labels take mutual TLS at a port.
func (s *Snapshot) modeAt(namespace string, pods map[string]string, port uint32) security.PeerAuthentication_MutualTLS_Mode {
	for _, o := range s.peerAuthentications(namespace, pods) {
		spec := o.Spec.(*security.PeerAuthentication)
		for _, mode := range []security.PeerAuthentication_MutualTLS_Mode{portModes(spec)[port].GetMode(), spec.GetMtls().GetMode()} {
			if mode != unsetMode {
				return mode
			}
		}
	}
	return security.PeerAuthentication_MutualTLS_PERMISSIVE
}

package mesh

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"

	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"
)

// openedBySidecar returns the workloads of a Sidecar under review that callers without an identity reach by an ingress listener past what
// keeps them out of the port behind it; nil where there are none. A policy's ports, and those of portLevelMtls, are the port of the
// connection (pilot/pkg/networking/core/listener_inbound.go buildInboundListeners, pilot/pkg/security/authz/model). Here 9999 leads to what
// the policy is for:
//
//	kind: AuthorizationPolicy                                        kind: Sidecar    # under review
//	spec:                                                            spec:
//	  action: DENY                                                     ingress:
//	  rules:                                                           - port: {number: 9999, protocol: HTTP, name: h}
//	  - from: [{source: {notPrincipals: ["*"]}}]                         defaultEndpoint: 127.0.0.1:8080
//	    to: [{operation: {ports: ["8080"]}}]
func openedBySidecar(before, after *Snapshot, ref Ref) *OpenedWorkloads {
	o := after.Get(ref)
	if ref.Kind != KindSidecar || o == nil || after.isAmbient(ref.Namespace) {
		return nil
	}
	pods := sidecarSpec(o).GetWorkloadSelector().GetLabels()
	for i, listener := range sidecarSpec(o).Ingress {
		port := listener.GetPort().GetNumber()
		behind, ok := portBehind(listener)
		if !ok || behind == port || hasIngress(before.Get(ref), pods, port, behind) {
			continue
		}
		if guard := after.guardPassed(ref.Namespace, pods, behind, port); guard != nil {
			return &OpenedWorkloads{
				Selector: pods, Targets: []string{}, ReachedBy: []string{}, Ports: []string{strconv.FormatUint(uint64(behind), 10)},
				By: OpenedBySidecar, Policy: guard, Field: fmt.Sprintf("spec.ingress[%d]", i),
			}
		}
	}
	return nil
}

// portBehind returns the port of the defaultEndpoint of an ingress listener; ok is false where it names none, so that it is the same, or a
// socket.
func portBehind(l *networking.IstioIngressListener) (port uint32, ok bool) {
	_, text, err := net.SplitHostPort(l.GetDefaultEndpoint())
	if err != nil {
		return 0, false
	}
	number, err := strconv.ParseUint(text, 10, 16)
	return uint32(number), err == nil
}

// hasIngress reports whether a Sidecar, nil for none, leads from a port of these pods to another one.
func hasIngress(o *Object, pods map[string]string, port, behind uint32) bool {
	return o != nil && maps.Equal(sidecarSpec(o).GetWorkloadSelector().GetLabels(), pods) &&
		slices.ContainsFunc(sidecarSpec(o).Ingress, func(l *networking.IstioIngressListener) bool {
			to, ok := portBehind(l)
			return ok && to == behind && l.GetPort().GetNumber() == port
		})
}

// guardPassed returns what keeps callers without an identity out of a port of pods, and not out of another one that leads to it; nil where
// nothing does.
func (s *Snapshot) guardPassed(namespace string, pods map[string]string, guarded, port uint32) *Ref {
	policies := s.authorizationsIn(s.ownAndRoot(namespace), func(a authorization) bool {
		return len(a.targets()) == 0 && (selectorMatches(a.selector(), pods) || selectorMatches(pods, a.selector()))
	})
	var allow []authorization
	for _, a := range policies {
		if a.isAllow() {
			allow = append(allow, a)
		} else if a.keepsOut() {
			return nil
		}
	}
	letIn := func(port uint32) bool {
		return slices.ContainsFunc(allow, func(a authorization) bool { return slices.ContainsFunc(a.rulesForAnybody(), isAtPort(port)) })
	}
	if len(allow) > 0 && !letIn(port) {
		return nil
	}
	for _, a := range policies {
		if slices.ContainsFunc(a.deniedOperations(), func(o *security.Operation) bool { return operationAtPort(o, guarded) && !operationAtPort(o, port) }) {
			return &a.policy.Ref
		}
	}
	if len(allow) > 0 && !letIn(guarded) {
		return &allow[0].policy.Ref
	}
	return s.strictPassed(namespace, pods, guarded, port)
}

// strictPassed returns the PeerAuthentication by which pods take mutual TLS alone at a port, where they take plaintext at another one; nil for
// none.
func (s *Snapshot) strictPassed(namespace string, pods map[string]string, strict, port uint32) *Ref {
	if s.modeAt(namespace, pods, strict) != strictMode || s.modeAt(namespace, pods, port) == strictMode {
		return nil
	}
	all := s.peerAuthentications(namespace, pods)
	i := slices.IndexFunc(all, func(o *Object) bool { return len(portModes(o.Spec.(*security.PeerAuthentication))) > 0 })
	return &all[max(i, 0)].Ref
}

// isAtPort returns whether a rule may match at a port.
func isAtPort(port uint32) func(*security.Rule) bool {
	return func(r *security.Rule) bool {
		return len(r.GetTo()) == 0 || slices.ContainsFunc(r.GetTo(), func(to *security.Rule_To) bool { return operationAtPort(to.GetOperation(), port) })
	}
}

// operationAtPort reports whether an operation may be one at a port.
func operationAtPort(o *security.Operation, port uint32) bool {
	text := strconv.FormatUint(uint64(port), 10)
	return (len(o.GetPorts()) == 0 || slices.Contains(o.GetPorts(), text)) && !slices.Contains(o.GetNotPorts(), text)
}

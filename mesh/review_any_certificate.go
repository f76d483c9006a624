package mesh

import (
	"fmt"
	"maps"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// anyCertificates returns the servers of a Gateway under review that take any certificate for the identity of their callers
// (takesAnyCertificate), and did not before; with them a policy for their pods that goes by this identity, where there is one. Whoever
// makes a certificate with the principal is let in here:
//
//	kind: Gateway                                             kind: AuthorizationPolicy
//	spec:                                                     spec:
//	  selector: {istio: egressgateway}                          selector: {matchLabels: {istio: egressgateway}}
//	  servers:                                                  rules:
//	  - port: {number: 443, protocol: HTTPS, ...}               - from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]
//	    tls: {mode: ISTIO_MUTUAL, insecureSkipVerify: true}
func (s *Snapshot) anyCertificates(object, stored *Object) []OutsideModel {
	if object.Kind != KindGateway {
		return nil
	}
	var found []OutsideModel
	for i, srv := range gatewaySpec(object).Servers {
		if !newGatewayServer(object, srv).takesAnyCertificate() || tookAnyCertificate(stored, object, srv) {
			continue
		}
		o := OutsideModel{Field: fmt.Sprintf("spec.servers[%d].tls.insecureSkipVerify", i), Means: MeansAnyCertificate, Port: srv.GetPort().GetNumber()}
		client := s.clientOfGateway(object.Namespace+"/"+object.Name, nil)
		if policy := s.policyForGateway(client, authorization.goesByIdentity); policy != nil {
			o.Object = &policy.Ref
		}
		found = append(found, o)
	}
	return found
}

// tookAnyCertificate reports whether a server of a Gateway took any certificate before, for the same pods.
func tookAnyCertificate(stored, object *Object, srv *networking.Server) bool {
	return stored != nil && maps.Equal(gatewaySpec(stored).Selector, gatewaySpec(object).Selector) &&
		slices.ContainsFunc(gatewaySpec(stored).Servers, func(had *networking.Server) bool {
			return had.GetPort().GetNumber() == srv.GetPort().GetNumber() && had.GetBind() == srv.GetBind() && newGatewayServer(stored, had).takesAnyCertificate()
		})
}

// goesByIdentity reports whether a policy tells callers by their identity: it lets some in for it, or keeps those out that have none.
func (a authorization) goesByIdentity() bool {
	if a.isAllow() {
		return len(a.rulesForAnybody()) < len(a.spec.GetRules())
	}
	return a.keepsOut() || len(a.deniedOperations()) > 0
}

package policies

import (
	security "istio.io/api/security/v1beta1"
	istiotype "istio.io/api/type/v1beta1"

	"github.com/tlsward/tlsward/mesh"
)

// CallersOf returns who can call the workloads that an AuthorizationPolicy guards; nil for other kinds. It looks at the
// policy's targetRefs only: a policy can read the labels of a selector in the object itself.
func CallersOf(snapshot *mesh.Snapshot, policy *mesh.Object) *Callers {
	if policy == nil {
		return nil
	}
	spec, ok := policy.Spec.(*security.AuthorizationPolicy)
	if !ok {
		return nil
	}
	callers := &Callers{Ingress: []string{}, Waypoints: []string{}}
	for _, target := range targets(spec) {
		if target.GetGroup() != "gateway.networking.k8s.io" || target.GetKind() != "Gateway" {
			continue
		}
		// A target is always of the policy's own namespace.
		name := policy.Namespace + "/" + target.GetName()
		gateway := snapshot.Get(mesh.Ref{Kind: mesh.KindKubernetesGateway, Namespace: policy.Namespace, Name: target.GetName()})
		if gateway == nil {
			continue
		}
		if facts, ok := gateway.Spec.(*mesh.KubernetesGateway); ok && !facts.IsWaypoint() {
			callers.Ingress = append(callers.Ingress, name)
		} else {
			callers.Waypoints = append(callers.Waypoints, name)
		}
	}
	return callers
}

func targets(spec *security.AuthorizationPolicy) []*istiotype.PolicyTargetReference {
	if one := spec.GetTargetRef(); one != nil {
		return append([]*istiotype.PolicyTargetReference{one}, spec.GetTargetRefs()...)
	}
	return spec.GetTargetRefs()
}

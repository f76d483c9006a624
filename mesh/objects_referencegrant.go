package mesh

import (
	"encoding/json"
	"slices"
)

// ReferenceGrant is what the mesh reads of the spec of a gateway.networking.k8s.io ReferenceGrant: whose routes may lead to what of
// its namespace.
type ReferenceGrant struct {
	From []GrantedFrom `json:"from"`
	To   []GrantedTo   `json:"to"`
}

// GrantedFrom is who may refer.
type GrantedFrom struct {
	Group     string `json:"group"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
}

// GrantedTo is to what: all of a kind where Name is nil.
type GrantedTo struct {
	Group string  `json:"group"`
	Kind  string  `json:"kind"`
	Name  *string `json:"name"`
}

// decodeReferenceGrant reads the spec of a ReferenceGrant.
func decodeReferenceGrant(raw json.RawMessage) (*ReferenceGrant, error) {
	grant := &ReferenceGrant{}
	return grant, unmarshal(raw, grant)
}

// allows reports whether routes of a kind and namespace may lead to a Service of the grant's namespace
// (pilot/pkg/config/kube/gatewaycommon/references.go BackendAllowed).
func (g *ReferenceGrant) allows(kind, namespace, service string) bool {
	from := slices.ContainsFunc(g.From, func(f GrantedFrom) bool {
		return f.Group == gatewayAPIGroup && f.Kind == kind && f.Namespace == namespace
	})
	return from && slices.ContainsFunc(g.To, func(to GrantedTo) bool {
		return to.Group == "" && to.Kind == KindService && (to.Name == nil || *to.Name == service)
	})
}

package v1alpha1

import (
	"cmp"
	"time"
)

// Config is the file's content: apiVersion tlsward.io/v1alpha1, kind Config. All fields but these two are optional.
type Config struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Mesh is what the mesh is like, beside its objects.
	Mesh Mesh `json:"mesh,omitempty"`
	// Mutation is what the mutating webhook fills in.
	Mutation Mutation `json:"mutation,omitempty"`
	// Enforcement is the strongest action that any policy may take, whatever else says more: warn and audit are for a rollout. Deny if
	// unset.
	Enforcement Action `json:"enforcement,omitempty"`
	// EnforcementByNamespace obeys the label tlsward.io/enforcement (deny, warn, audit) of namespaces, which makes that weaker for what
	// is theirs. Whoever may label a namespace decides then: the chart sets it together with a ValidatingAdmissionPolicy.
	EnforcementByNamespace bool `json:"enforcementByNamespace,omitempty"`
	// Strict denies what is a warning while a partner object may still arrive (tls-pending), or since tlsward does not know what
	// Istio makes of it (outside-model).
	Strict bool `json:"strict,omitempty"`
	// PendingGrace is how long a stored object may wait for its partner (tls-pending) before audits, metrics and reports call it overdue, a
	// violation; 5m if unset.
	PendingGrace Duration `json:"pendingGrace,omitempty"`
	// Policies holds what differs from the default action of policies, by their ids.
	Policies map[string]PolicyConfig `json:"policies,omitempty"`
	// Exemptions let violations pass.
	Exemptions []ExemptionSpec `json:"exemptions,omitempty"`
	// Params are what policies read as data.params: one mapping a policy, by its id.
	Params map[string]any `json:"params,omitempty"`
	// Evaluation bounds what a policy may do while it judges one review.
	Evaluation Evaluation `json:"evaluation,omitempty"`
}

// DefaultPendingGrace is PendingGrace where it is unset.
const DefaultPendingGrace = 5 * time.Minute

// MayPend returns how long a stored object may wait for its partner.
func (c *Config) MayPend() time.Duration {
	return cmp.Or(time.Duration(c.PendingGrace), DefaultPendingGrace)
}

// Mesh is what the mesh is like, beside its objects. What is unset is what the cluster's MeshConfig says, and where there is
// none Istio's default.
type Mesh struct {
	// MeshConfig is laid over the cluster's MeshConfig, field by field; the fields below go before it.
	MeshConfig map[string]any `json:"meshConfig,omitempty"`
	// RootNamespace is where objects hold for all namespaces; Istio's default is "istio-system".
	RootNamespace string `json:"rootNamespace,omitempty"`
	// TrustDomain is that of the mesh's workload identities; Istio's default is "cluster.local".
	TrustDomain string `json:"trustDomain,omitempty"`
	// TrustDomainAliases are further trust domains that count as the mesh's own.
	TrustDomainAliases []string `json:"trustDomainAliases,omitempty"`
	// ClusterDomain is the DNS domain of the cluster's Services; "cluster.local" if unset.
	ClusterDomain string `json:"clusterDomain,omitempty"`
	// InternalAddresses (CIDRs) are those of endpoints inside, for entries with location MESH_INTERNAL; private, shared, unique
	// local and link-local addresses if unset.
	InternalAddresses []string `json:"internalAddresses,omitempty"`
	// IngressGateways are the only gateways that need no principals; those that the facts of the mesh show if unset.
	IngressGateways []IngressGateway `json:"ingressGateways,omitempty"`
	// Revision is the revision of the control plane whose mesh is judged; "default" if unset.
	Revision string `json:"revision,omitempty"`
	// IstioVersion is the minor version of the control plane: "1.30", or "1.31" if unset.
	IstioVersion string `json:"istioVersion,omitempty"`
}

// IngressGateway names gateways whose clients come from outside the mesh.
type IngressGateway struct {
	// Namespace is that of the gateway's pods.
	Namespace string `json:"namespace"`
	// Labels are those of the gateway's pods, one or more.
	Labels map[string]string `json:"labels"`
}

// Mutation is what the mutating webhook fills in.
type Mutation struct {
	// Upgrades are the ports of HTTP that lead to another one as they are completed: [{port: 80, targetPort: 443}] if unset, none
	// if [].
	Upgrades []Upgrade `json:"upgrades,omitempty"`
	// Origination is which TLS a port without gets: mode SIMPLE for every host if unset. The first that matches a host counts.
	Origination []Origination `json:"origination,omitempty"`
	// Companions is whether tlsward keeps a DestinationRule for a host that a ServiceEntry declares and no rule covers; true if unset.
	// Without them, an entry is not moved to another target port before its rule is there.
	Companions *bool `json:"companions,omitempty"`
	// Existing is what becomes of what is stored and lacks what the mutating webhook would fill in: report (if unset), or complete.
	Existing Existing `json:"existing,omitempty"`
}

// KeepsCompanions reports whether tlsward keeps DestinationRules of its own.
func (m Mutation) KeepsCompanions() bool { return m.Companions == nil || *m.Companions }

// Existing is what becomes of what is stored and lacks what the mutating webhook would fill in.
type Existing string

// What is stored is reported, or completed through the API server.
const (
	Report   Existing = "report"
	Complete Existing = "complete"
)

// Upgrade sets the target port of the HTTP-family ports of a number.
type Upgrade struct {
	// Port is the number of a port of a ServiceEntry.
	Port uint32 `json:"port"`
	// TargetPort is where that port shall lead.
	TargetPort uint32 `json:"targetPort"`
}

// Origination is the client TLS settings that are filled in for hosts.
type Origination struct {
	// Hosts are host names, "*." and a name, or "*" for all.
	Hosts []string `json:"hosts"`
	// TLS is a ClientTLSSettings of Istio, with a mode that originates TLS: SIMPLE, MUTUAL or ISTIO_MUTUAL.
	TLS map[string]any `json:"tls"`
}

// Action is what follows from a policy's violation.
type Action string

// The actions, from the strongest to the weakest.
const (
	Deny  Action = "deny"
	Warn  Action = "warn"
	Audit Action = "audit"
	Off   Action = "off"
)

// EnforcementLabel is the label of a namespace that makes Config.Enforcement weaker for what is the namespace's.
const EnforcementLabel = "tlsward.io/enforcement"

// PolicyConfig overrides the default action of a policy.
type PolicyConfig struct {
	// Action is deny, warn, audit or off.
	Action Action `json:"action"`
	// Namespaces are those of the objects for which the action holds; all if unset.
	Namespaces []string `json:"namespaces,omitempty"`
}

package v1alpha1

import "time"

// Config is the file's content: apiVersion tlsward.io/v1alpha1, kind Config.
type Config struct {
	APIVersion string                  `json:"apiVersion"`
	Kind       string                  `json:"kind"`
	Mesh       Mesh                    `json:"mesh,omitempty"`
	Mutation   Mutation                `json:"mutation,omitempty"`
	Strict     bool                    `json:"strict,omitempty"`
	Policies   map[string]PolicyConfig `json:"policies,omitempty"`
	Exemptions []Exemption             `json:"exemptions,omitempty"`
	Params     map[string]any          `json:"params,omitempty"`
	Evaluation Evaluation              `json:"evaluation,omitempty"`
}

// Mesh repeats what Istio's MeshConfig says; the two must agree.
type Mesh struct {
	RootNamespace      string   `json:"rootNamespace,omitempty"`
	TrustDomain        string   `json:"trustDomain,omitempty"`
	TrustDomainAliases []string `json:"trustDomainAliases,omitempty"`
	ClusterDomain      string   `json:"clusterDomain,omitempty"`
}

// Mutation says what the mutating webhook fills in.
type Mutation struct {
	Upgrades    []Upgrade     `json:"upgrades,omitempty"`
	Origination []Origination `json:"origination,omitempty"`
}

// Upgrade rewrites the target port of HTTP-family ports of this number.
type Upgrade struct {
	Port       uint32 `json:"port"`
	TargetPort uint32 `json:"targetPort"`
}

// Origination says which client TLS settings are injected for which hosts; the first match wins.
type Origination struct {
	Hosts []string       `json:"hosts"`
	TLS   map[string]any `json:"tls"`
}

// Action is what a policy's violation leads to.
type Action string

// The actions, from the strongest to the weakest.
const (
	Deny  Action = "deny"
	Warn  Action = "warn"
	Audit Action = "audit"
	Off   Action = "off"
)

// PolicyConfig overrides a policy's default action; in the named namespaces only, where any are named.
type PolicyConfig struct {
	Action     Action   `json:"action"`
	Namespaces []string `json:"namespaces,omitempty"`
}

// Exemption lets a policy's violations pass, with a reason and until a date.
type Exemption struct {
	Policy     string   `json:"policy"`
	Namespaces []string `json:"namespaces,omitempty"`
	Hosts      []string `json:"hosts,omitempty"`
	Reason     string   `json:"reason"`
	Expires    Date     `json:"expires"`
}

// Date is a day, written 2006-01-02; it ends at midnight UTC after it.
type Date struct{ time.Time }

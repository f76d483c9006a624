package policies

import "github.com/tlsward/tlsward/mesh"

// Operations of a review, as Kubernetes spells them.
const (
	Create = "CREATE"
	Update = "UPDATE"
	Delete = "DELETE"
)

// Input is the document that policies read. Its JSON form is the `input` of the published bundle, and is described
// by schemas/input.json.
type Input struct {
	Request Request `json:"request"`
	// Object is the object as it would be stored, on CREATE and UPDATE.
	Object map[string]any `json:"object,omitempty"`
	// OldObject is the object as it is stored, on UPDATE and DELETE.
	OldObject map[string]any `json:"oldObject,omitempty"`
	// Egress is what the review has to answer for: mesh.Review's answer.
	Egress []mesh.Flow `json:"egress"`
	// GroupedByExemption reports whether no flow of Egress stands for hosts that different Engine.ExemptHosts cover.
	// Policies do not read it; exemptions do.
	GroupedByExemption bool `json:"-"`
	// Callers is nil for kinds other than AuthorizationPolicy.
	Callers *Callers `json:"callers,omitempty"`
}

// Request is the part of the AdmissionRequest that policies read.
type Request struct {
	Operation  string   `json:"operation"`
	Kind       string   `json:"kind"`
	APIVersion string   `json:"apiVersion"`
	Namespace  string   `json:"namespace"`
	Name       string   `json:"name"`
	UserInfo   UserInfo `json:"userInfo"`
	DryRun     bool     `json:"dryRun"`
}

// UserInfo is who made the request, as the API server authenticated them.
type UserInfo struct {
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
}

// Callers says who can call the workloads that an AuthorizationPolicy guards, as far as the mesh shows it.
type Callers struct {
	// Ingress names ("namespace/name") the Gateways whose proxies the policy is enforced at and that face clients
	// without a mesh identity.
	Ingress []string `json:"ingress"`
	// Waypoints names ("namespace/name") the waypoints that the policy is enforced at.
	Waypoints []string `json:"waypoints"`
}

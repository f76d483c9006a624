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
	// Apart is true if the flows were told apart as Engine.Apart asks. It is for exemptions, and none of the policies'.
	Apart bool `json:"-"`
	// Callers says who can call what an AuthorizationPolicy guards; nil for other kinds.
	Callers *Callers `json:"callers,omitempty"`
}

// Request is what is being asked, and by whom.
type Request struct {
	Operation  string   `json:"operation"`
	Kind       string   `json:"kind"`
	APIVersion string   `json:"apiVersion"`
	Namespace  string   `json:"namespace"`
	Name       string   `json:"name"`
	UserInfo   UserInfo `json:"userInfo"`
	DryRun     bool     `json:"dryRun"`
}

// UserInfo is the person or program that asks, as the API server authenticated it.
type UserInfo struct {
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
}

// Callers are the facts about the workloads that an AuthorizationPolicy guards, as far as the mesh knows them.
type Callers struct {
	// Ingress names ("namespace/name") the Gateways whose proxies the policy is enforced at and that face clients
	// without a mesh identity.
	Ingress []string `json:"ingress"`
	// Waypoints names ("namespace/name") the waypoints that the policy is enforced at.
	Waypoints []string `json:"waypoints"`
}

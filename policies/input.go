package policies

import (
	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

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
	// Ceilings are the strongest actions in namespaces that have one of their own, weaker than deny. Policies do not read them.
	Ceilings map[string]v1alpha1.Action `json:"-"`
	// Callers is nil for kinds other than AuthorizationPolicy.
	Callers *mesh.Callers `json:"callers,omitempty"`
	// Opened is nil where no workload is opened to callers without an identity by what an AuthorizationPolicy no longer does.
	Opened *mesh.OpenedWorkloads `json:"opened,omitempty"`
	// Bypasses are how the pods of a workload send past their proxy; nil for other kinds.
	Bypasses []mesh.Bypass `json:"bypasses,omitempty"`
	// IngressLegs are the ways from Ingresses to gateways that the object has to do with.
	IngressLegs []mesh.IngressLeg `json:"ingressLegs,omitempty"`
	// PlaintextCalls are the calls to hosts outside that the object makes Istio itself do without TLS.
	PlaintextCalls []mesh.PlaintextCall `json:"plaintextCalls,omitempty"`
	// OutsideModel is what Istio may obey in the object and the mesh does not know.
	OutsideModel []mesh.OutsideModel `json:"outsideModel,omitempty"`
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

package v1alpha1

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Exemption is an object of the cluster that lets violations of a policy pass, as those of a Config do. Who may write one may let
// plaintext out: RBAC decides.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name=Policy,type=string,JSONPath=`.spec.policy`
// +kubebuilder:printcolumn:name=Expires,type=string,JSONPath=`.spec.expires`
// +kubebuilder:printcolumn:name=Owner,type=string,JSONPath=`.spec.owner`
// +kubebuilder:printcolumn:name=In force,type=string,JSONPath=`.status.conditions[?(@.type=="InForce")].reason`
// +kubebuilder:printcolumn:name=Lets pass,type=integer,JSONPath=`.status.letsPass`
// +kubebuilder:printcolumn:name=Unneeded since,type=date,JSONPath=`.status.unneededSince`
// +kubebuilder:printcolumn:name=Reason,type=string,priority=1,JSONPath=`.spec.reason`
type Exemption struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what it lets pass.
	Spec ExemptionSpec `json:"spec"`
	// Status is what tlsward sees of it.
	Status ExemptionStatus `json:"status,omitempty"`
}

// ExemptionList is a list of Exemptions.
//
// +kubebuilder:object:root=true
type ExemptionList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Exemption `json:"items"`
}

// ExemptionSpec lets violations of a policy pass, for a reason and until a day.
//
// +kubebuilder:object:generate=true
type ExemptionSpec struct {
	// Policy is the policy's id.
	//
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`
	Policy string `json:"policy"`
	// Namespaces are those of the objects that it is for; all if unset.
	//
	// +kubebuilder:validation:MaxItems=1024
	// +kubebuilder:validation:items:Pattern=`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`
	Namespaces []string `json:"namespaces,omitempty"`
	// Hosts are those of the connections that it is for: host names, "*." and a name, or "*". All if unset.
	//
	// +kubebuilder:validation:MaxItems=1024
	// +kubebuilder:validation:items:Pattern=`^(\*|(\*\.)?[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?(\.[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?)*)$`
	Hosts []string `json:"hosts,omitempty"`
	// Reason is told wherever the exemption lets something pass.
	//
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`\S`
	Reason string `json:"reason"`
	// Owner is who answers for it: a team, or an address.
	//
	// +kubebuilder:validation:MaxLength=253
	Owner string `json:"owner,omitempty"`
	// Expires is the last day on which it holds.
	//
	// +kubebuilder:validation:Type=string
	Expires Date `json:"expires"`

	// object is the name of the Exemption that it is of, "" for one of a Config.
	object string `json:"-"`
}

// ExemptionStatus is what tlsward sees of an Exemption.
//
// +kubebuilder:object:generate=true
type ExemptionStatus struct {
	// Conditions has InForce: whether it lets anything pass, and why not.
	//
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// LetsPass is how many violations of what is stored it lets pass.
	LetsPass int32 `json:"letsPass"`
	// UnneededSince is since when nothing that is stored needs it; unset while something does.
	UnneededSince *metav1.Time `json:"unneededSince,omitempty"`
}

// ConditionInForce says whether an Exemption lets anything pass. Its reasons are those below.
const ConditionInForce = "InForce"

const (
	// ReasonInForce is that of one that is in force.
	ReasonInForce = "InForce"
	// ReasonExpired is that of one whose last day is over.
	ReasonExpired = "Expired"
	// ReasonRefused is that of one that cannot be obeyed: it names a policy that there is not, or was stored past the checks.
	ReasonRefused = "Refused"
)

// ReadExemption reads an Exemption as an API server has it, in JSON. What is wrong with its spec is returned at once, as FieldErrors:
// fields that there are not, wrong types and invalid values.
func ReadExemption(raw []byte) (*Exemption, error) {
	var parts struct {
		Spec any `json:"spec"`
	}
	if err := json.Unmarshal(raw, &parts); err != nil {
		return nil, fmt.Errorf("read the Exemption: %w", err)
	}
	f := typeErrors("spec", parts.Spec, reflect.TypeFor[ExemptionSpec]())
	if err := f.orNil(); err != nil {
		return nil, err
	}
	e := &Exemption{}
	if err := json.Unmarshal(raw, e); err != nil {
		return nil, fmt.Errorf("read the Exemption: %w", err)
	}
	e.Spec.object = e.Name
	e.Spec.validate(&f, "spec")
	return e, f.orNil()
}

func (e ExemptionSpec) validate(f *FieldErrors, field string) {
	if !policyIDPattern.MatchString(e.Policy) {
		f.add(field+".policy", "%q is not a policy id", e.Policy)
	}
	if strings.TrimSpace(e.Reason) == "" {
		f.add(field+".reason", "an exemption needs a reason")
	}
	if e.Expires.IsZero() {
		f.add(field+".expires", "an exemption needs its last day, as 2027-01-31")
	}
	f.addUnlessMatch(field+".namespaces", e.Namespaces, namespacePattern, "a namespace")
	f.addUnlessMatch(field+".hosts", e.Hosts, hostPattern, `a host name, "*" or "*.name"`)
}

// Note says until when and why it lets something pass.
func (e ExemptionSpec) Note() string {
	by := ""
	if e.object != "" {
		by = " by Exemption " + e.object
	}
	return "exempted until " + e.Expires.Format(time.DateOnly) + by + ": " + e.Reason
}

// Object returns the name of the Exemption that it is of; "" for one of a Config.
func (e ExemptionSpec) Object() string { return e.object }

// AppliesIn reports whether the exemption is in force for objects of a namespace.
func (e ExemptionSpec) AppliesIn(namespace string, now time.Time) bool {
	return !e.Expires.Over(now) && (len(e.Namespaces) == 0 || slices.Contains(e.Namespaces, namespace))
}

// CoversHost reports whether the exemption is for a host, regardless of case. Without hosts it is for all; else
//
//  1. "*" covers every host.
//  2. "db.example.com" covers itself.
//  3. "*.example.com" covers the hosts below example.com, itself and other wildcards ("*.db.example.com") included, and
//     not example.com.
func (e ExemptionSpec) CoversHost(host string) bool {
	return len(e.Hosts) == 0 || slices.ContainsFunc(e.Hosts, func(pattern string) bool { return coversHost(pattern, host) })
}

func coversHost(pattern, host string) bool {
	pattern, host = strings.ToLower(pattern), strings.ToLower(host)
	if pattern == "*" || pattern == host {
		return host != ""
	}
	suffix, wildcard := strings.CutPrefix(pattern, "*.")
	return wildcard && strings.HasSuffix(host, "."+suffix)
}

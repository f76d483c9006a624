package v1alpha1

import "k8s.io/apimachinery/pkg/runtime/schema"

// KindExemption is the kind of an Exemption.
const KindExemption = "Exemption"

// GroupVersion returns the API group and version of Exemptions.
func GroupVersion() schema.GroupVersion {
	return schema.GroupVersion{Group: "tlsward.io", Version: "v1alpha1"}
}

// Exemptions returns the resource of Exemptions.
func Exemptions() schema.GroupVersionResource { return GroupVersion().WithResource("exemptions") }

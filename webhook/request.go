package webhook

import (
	"cmp"

	ctrladmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
)

// reviewOf returns the part of a request that is decided on.
func reviewOf(r *ctrladmission.Request) admission.Review {
	return admission.Review{
		Operation: string(r.Operation),
		Object:    present(r.Object.Raw),
		OldObject: present(r.OldObject.Raw),
		Username:  r.UserInfo.Username,
		Groups:    r.UserInfo.Groups,
		Namespace: r.Namespace,
		DryRun:    r.DryRun != nil && *r.DryRun,
	}
}

// present returns nil for a JSON null, which is how the API server writes "no object".
func present(raw []byte) []byte {
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// objectName returns the name of a request's object as a person would say it.
func objectName(r *ctrladmission.Request) string {
	return mesh.Ref{Kind: r.Kind.Kind, Namespace: r.Namespace, Name: cmp.Or(r.Name, "(no name yet)")}.String()
}

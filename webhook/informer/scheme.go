package informer

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// AddToScheme registers the kinds of the mesh in every version that may be read. All of them share one Go type: with a
// generated type for each, one object that cannot be decoded would fail the list that it is in, and the webhook would be
// blind to all others. So a Service of this scheme is no corev1.Service.
func AddToScheme(scheme *runtime.Scheme) {
	for _, k := range Kinds() {
		for _, version := range k.Versions {
			gvk := k.WithVersion(version)
			scheme.AddKnownTypeWithName(gvk, &item{})
			scheme.AddKnownTypeWithName(gvk.GroupVersion().WithKind(gvk.Kind+"List"), &itemList{})
			metav1.AddToGroupVersion(scheme, gvk.GroupVersion())
		}
	}
}

package live

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"

	"github.com/tlsward/tlsward/internal/verified"
)

// Verified returns what a watch of the cluster's proxies found last, as a ConfigMap ("NAMESPACE/NAME") keeps it. Who may write that
// ConfigMap decides what is said: it is named, and never looked for.
func Verified(ctx context.Context, client dynamic.Interface, configMap string) (verified.Round, error) {
	namespace, name, err := verified.ConfigMap(configMap)
	if err != nil {
		return verified.Round{}, err
	}
	o, err := client.Resource(corev1.SchemeGroupVersion.WithResource("configmaps")).Namespace(namespace).Get(ctx, name, meta.GetOptions{})
	if err != nil {
		return verified.Round{}, fmt.Errorf("read ConfigMap %s: %w", configMap, err)
	}
	var found corev1.ConfigMap
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &found); err != nil {
		return verified.Round{}, fmt.Errorf("read ConfigMap %s: %w", configMap, err)
	}
	round, err := verified.Read(found.Data)
	if err != nil {
		return verified.Round{}, fmt.Errorf("read ConfigMap %s: %w", configMap, err)
	}
	return round, nil
}

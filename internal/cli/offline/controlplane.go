package offline

import (
	"cmp"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/tlsward/tlsward/internal/istiod"
	"github.com/tlsward/tlsward/internal/manifests"
)

// controlPlane returns how documents configure the control plane of a revision. Of two that say the same the later counts.
func controlPlane(docs []manifests.Document, namespace, revision string) (istiod.ControlPlane, error) {
	var c istiod.ControlPlane
	for _, d := range docs {
		if !isMeshConfig(d.Head, namespace, revision) {
			continue
		}
		var configMap corev1.ConfigMap
		err := json.Unmarshal(d.Raw, &configMap)
		if err == nil {
			c.MeshConfig, err = istiod.MeshConfig(configMap.Data)
		}
		if err == nil {
			_, err = c.Settings()
		}
		if err != nil {
			return c, fmt.Errorf("%s: ConfigMap %s/%s: %w", d.Where(), istiod.Namespace, d.Head.Metadata.Name, err)
		}
	}
	return c, nil
}

// isMeshConfig reports whether an object is the ConfigMap with a revision's MeshConfig; namespace is that of objects that name
// none.
func isMeshConfig(head manifests.Head, namespace, revision string) bool {
	return head.APIVersion == "v1" && head.Kind == "ConfigMap" && head.Metadata.Name == istiod.MeshConfigName(revision) &&
		cmp.Or(head.Metadata.Namespace, namespace) == istiod.Namespace
}

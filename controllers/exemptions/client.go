package exemptions

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

// fieldManager owns the status of Exemptions.
const fieldManager = "tlsward-exemptions"

// NewWriter returns what writes the status of an Exemption through the API server, a few a second.
func NewWriter(config *rest.Config) (func(context.Context, string, v1alpha1.ExemptionStatus) error, error) {
	config = rest.CopyConfig(config)
	config.QPS, config.Burst, config.Timeout = 5, 10, 10*time.Second
	api, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	return func(ctx context.Context, name string, status v1alpha1.ExemptionStatus) error {
		raw, err := json.Marshal(map[string]any{"apiVersion": v1alpha1.GroupVersion().String(), "kind": v1alpha1.KindExemption,
			"metadata": map[string]any{"name": name}, "status": status})
		if err != nil {
			return fmt.Errorf("write the status as JSON: %w", err)
		}
		force := true
		_, err = api.Resource(v1alpha1.Exemptions()).Patch(ctx, name, types.ApplyPatchType, raw, metav1.PatchOptions{FieldManager: fieldManager, Force: &force}, "status")
		if err != nil {
			return fmt.Errorf("write the status of Exemption %s: %w", name, err)
		}
		return nil
	}, nil
}

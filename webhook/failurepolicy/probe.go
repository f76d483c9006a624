package failurepolicy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tlsward/tlsward/webhook"
)

// probed is the kind of the known-bad object.
var probed = schema.GroupVersionResource{Group: "security.istio.io", Version: "v1", Resource: "authorizationpolicies"}

// knownBad returns an ALLOW rule without principals, for pods that do not exist: refused by the policies as shipped, by its
// name under any others, and without effect should it ever be stored.
func knownBad(namespace string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": probed.GroupVersion().String(),
		"kind":       "AuthorizationPolicy",
		"metadata":   map[string]any{"name": webhook.ProbeName, "namespace": namespace},
		"spec": map[string]any{
			"selector": map[string]any{"matchLabels": map[string]any{webhook.ProbeName: "no-pod-has-this"}},
			"action":   "ALLOW",
			"rules": []any{map[string]any{
				"from": []any{map[string]any{"source": map[string]any{"ipBlocks": []any{"192.0.2.1/32"}}}},
			}},
		},
	}}
}

// Probe sends the known-bad object now. Nil means that this webhook refused it; an error says what happened instead.
func (c *Controller) Probe(ctx context.Context) error {
	found, err := c.api.Get(ctx, c.Webhook, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("read the webhook configuration: %w", err)
	}
	return c.probe(ctx, found)
}

// probe sends the known-bad object, as a dry-run. It is applied rather than created, since a role can then grant just
// this name. Nil means that it was refused by this webhook; an error says what happened in place of that.
func (c *Controller) probe(ctx context.Context, found *admissionv1.ValidatingWebhookConfiguration) error {
	raw, err := json.Marshal(knownBad(c.ProbeNamespace))
	if err != nil {
		return fmt.Errorf("write the known-bad object: %w", err)
	}
	force := true
	_, err = c.objects.Resource(probed).Namespace(c.ProbeNamespace).Patch(ctx, webhook.ProbeName, types.ApplyPatchType, raw,
		metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}, FieldManager: manager, Force: &force})
	return judge(err, found)
}

// judge reads the API server's answer to the known-bad object.
func judge(answer error, found *admissionv1.ValidatingWebhookConfiguration) error {
	if answer == nil {
		return errors.New("a known-bad object was not refused: the API server does not ask this program, or cannot reach it")
	}
	for _, w := range found.Webhooks {
		if !strings.Contains(answer.Error(), fmt.Sprintf("admission webhook %q denied the request", w.Name)) {
			continue
		}
		if !apierrors.IsForbidden(answer) { // a server that does not know the mesh yet refuses everything
			return fmt.Errorf("whether a known-bad object is refused cannot be seen: %w", answer)
		}
		return nil
	}
	if apierrors.IsNotFound(answer) {
		return fmt.Errorf("whether a known-bad object is refused cannot be seen before Istio's CRDs are installed: %w", answer)
	}
	return fmt.Errorf("whether a known-bad object is refused cannot be seen: %w", answer)
}

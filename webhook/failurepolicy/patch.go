package failurepolicy

import (
	"context"
	"encoding/json"
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

func (c *Controller) patch(ctx context.Context, patch []operation) (*admissionv1.ValidatingWebhookConfiguration, error) {
	raw, err := json.Marshal(patch)
	if err != nil {
		return nil, err
	}
	return c.api.Patch(ctx, c.Webhook, types.JSONPatchType, raw, metav1.PatchOptions{FieldManager: manager})
}

// close turns the open webhooks to Fail. A patch touches that field alone.
func (c *Controller) close(ctx context.Context, open []int) error {
	var patch []operation
	for _, i := range open {
		patch = append(patch, operation{"replace", fmt.Sprintf("/webhooks/%d/failurePolicy", i), admissionv1.Fail})
	}
	closed, err := c.patch(ctx, patch)
	if err != nil {
		return fmt.Errorf("close the webhook: %w", err)
	}
	c.releaseOwnership(ctx, closed)
	return nil
}

// releaseOwnership gives up the ownership of failurePolicy that the patch brought with it. A package manager that
// applies on the server's side would else be refused when it applies an older release, in which the webhook is open.
func (c *Controller) releaseOwnership(ctx context.Context, closed *admissionv1.ValidatingWebhookConfiguration) {
	kept := []metav1.ManagedFieldsEntry{}
	for _, entry := range closed.ManagedFields {
		if entry.Manager != manager {
			kept = append(kept, entry)
		}
	}
	if len(kept) == 0 || len(kept) == len(closed.ManagedFields) {
		return
	}
	_, err := c.patch(ctx, []operation{
		{"replace", "/metadata/resourceVersion", closed.ResourceVersion},
		{"replace", "/metadata/managedFields", kept},
	})
	if err != nil {
		c.Log.Warn("failurePolicy stays owned by this program; a rollback may need to force conflicts", "error", err)
	}
}

// setOwner makes the configuration go with the program's namespace, so that deleting that leaves no closed webhook
// behind.
func (c *Controller) setOwner(ctx context.Context, found *admissionv1.ValidatingWebhookConfiguration) {
	if c.Namespace == "" {
		return
	}
	namespace, err := c.namespaces.Get(ctx, c.Namespace, metav1.GetOptions{})
	if err == nil {
		err = c.addOwner(ctx, found, metav1.OwnerReference{APIVersion: "v1", Kind: "Namespace", Name: namespace.Name, UID: namespace.UID})
	}
	if err != nil {
		c.Log.Warn("the webhook configuration will not go with the namespace", "namespace", c.Namespace, "error", err)
	}
}

func (c *Controller) addOwner(ctx context.Context, found *admissionv1.ValidatingWebhookConfiguration, owner metav1.OwnerReference) error {
	owners := []metav1.OwnerReference{owner}
	for _, o := range found.OwnerReferences {
		if o.UID == owner.UID {
			return nil
		}
		if o.Kind != owner.Kind || o.Name != owner.Name { // one of an earlier namespace of that name is void
			owners = append(owners, o)
		}
	}
	_, err := c.patch(ctx, []operation{
		{"replace", "/metadata/resourceVersion", found.ResourceVersion},
		{"add", "/metadata/ownerReferences", owners},
	})
	return err
}

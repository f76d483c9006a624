package companions

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/mutators"
)

var (
	rules   = schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: "destinationrules"}
	entries = schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: "serviceentries"}
)

// Client writes companions through the API server. Use NewClient.
type Client struct{ api dynamic.Interface }

// NewClient returns a Client.
func NewClient(config *rest.Config) (*Client, error) {
	config = rest.CopyConfig(config)
	config.QPS, config.Burst, config.Timeout = 3*perSecond, 3*burst, 15*time.Second // a write takes up to three requests
	api, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	return &Client{api}, nil
}

// Apply applies a companion, owned by its entries as they are now. What somebody else has set of it is set back: who wants to have the
// rule takes its label away. A rule in its place that is somebody else's is left.
func (c *Client) Apply(ctx context.Context, companion *mutators.Companion) (changed bool, err error) {
	var object map[string]any
	if err := json.Unmarshal(companion.Object, &object); err != nil {
		return false, fmt.Errorf("read the companion: %w", err)
	}
	u := &unstructured.Unstructured{Object: object}
	var owners []metav1.OwnerReference
	for _, ref := range companion.Owners {
		entry, err := c.api.Resource(entries).Namespace(ref.Namespace).Get(ctx, ref.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return false, fmt.Errorf("read its owner %s: %w", ref, err)
		}
		owners = append(owners, metav1.OwnerReference{APIVersion: entry.GetAPIVersion(), Kind: entry.GetKind(), Name: entry.GetName(), UID: entry.GetUID()})
	}
	if len(owners) == 0 {
		return false, nil // they are gone already
	}
	u.SetOwnerReferences(owners)
	api := c.api.Resource(rules).Namespace(u.GetNamespace())
	there, err := api.Get(ctx, u.GetName(), metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
	case err != nil:
		return false, fmt.Errorf("read %s: %w", companion.Rule.Ref, err)
	case !isOurs(there):
		return false, ErrTaken
	}
	applied, err := api.Apply(ctx, u.GetName(), u, metav1.ApplyOptions{FieldManager: mutators.CompanionManager, Force: true})
	if err != nil {
		return false, fmt.Errorf("apply %s: %w", companion.Rule.Ref, err)
	}
	return there == nil || applied.GetResourceVersion() != there.GetResourceVersion(), nil
}

// Delete deletes a companion as it was read: not one that a person has taken over meanwhile, or has a hand in.
func (c *Client) Delete(ctx context.Context, ref mesh.Ref) (changed bool, err error) {
	api := c.api.Resource(rules).Namespace(ref.Namespace)
	there, err := api.Get(ctx, ref.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read %s: %w", ref, err)
	case !isOurs(there) || othersWrite(there):
		return false, ErrTaken
	}
	uid, version := there.GetUID(), there.GetResourceVersion()
	err = api.Delete(ctx, ref.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &version}})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("delete %s: %w", ref, err)
	}
	return true, nil
}

// isOurs reports whether a rule is one that tlsward wrote: it has the label, is applied by tlsward, and ServiceEntries own it. A label
// alone anybody writes.
func isOurs(rule *unstructured.Unstructured) bool {
	owned := slices.ContainsFunc(rule.GetOwnerReferences(), func(o metav1.OwnerReference) bool {
		return o.Kind == mesh.KindServiceEntry && strings.HasPrefix(o.APIVersion, entries.Group+"/")
	})
	return owned && rule.GetLabels()[mutators.CompanionLabel] != "" && slices.ContainsFunc(rule.GetManagedFields(), isApplied)
}

// othersWrite reports whether somebody else has written any of a rule's spec.
func othersWrite(rule *unstructured.Unstructured) bool {
	return slices.ContainsFunc(rule.GetManagedFields(), func(m metav1.ManagedFieldsEntry) bool {
		return !isApplied(m) && m.FieldsV1 != nil && strings.Contains(m.FieldsV1.GetRawString(), `"f:spec"`)
	})
}

func isApplied(m metav1.ManagedFieldsEntry) bool {
	return m.Manager == mutators.CompanionManager && m.Operation == metav1.ManagedFieldsOperationApply
}

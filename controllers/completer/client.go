package completer

import (
	"context"
	"encoding/json"
	"fmt"

	"gomodules.xyz/jsonpatch/v2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/tlsward/tlsward/mesh"
)

// FieldManager is whose the fields are that were filled in.
const FieldManager = "tlsward-completion"

// Client reads and writes through the API server, a few objects a second. Use NewClient.
type Client struct{ api dynamic.Interface }

// NewClient returns a Client.
func NewClient(config *rest.Config) (*Client, error) {
	config = rest.CopyConfig(config)
	config.QPS, config.Burst = 10, 10
	api, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	return &Client{api}, nil
}

// Get returns an object as JSON, nil if there is none.
func (c *Client) Get(ctx context.Context, ref mesh.Ref) ([]byte, error) {
	o, err := c.of(ref).Get(ctx, ref.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", ref, err)
	}
	return o.MarshalJSON()
}

// Patch changes an object, if it still is as it was read.
func (c *Client) Patch(ctx context.Context, read []byte, patch []jsonpatch.Operation) error {
	var head struct {
		Kind     string
		Metadata metav1.ObjectMeta
	}
	if err := json.Unmarshal(read, &head); err != nil {
		return fmt.Errorf("read the object: %w", err)
	}
	ref := mesh.Ref{Kind: head.Kind, Namespace: head.Metadata.Namespace, Name: head.Metadata.Name}
	unchanged := jsonpatch.Operation{Operation: "test", Path: "/metadata/resourceVersion", Value: head.Metadata.ResourceVersion}
	raw, err := json.Marshal(append([]jsonpatch.Operation{unchanged}, patch...))
	if err != nil {
		return fmt.Errorf("write the patch: %w", err)
	}
	if _, err := c.of(ref).Patch(ctx, ref.Name, types.JSONPatchType, raw, metav1.PatchOptions{FieldManager: FieldManager}); err != nil {
		return fmt.Errorf("patch %s: %w", ref, err)
	}
	return nil
}

func (c *Client) of(ref mesh.Ref) dynamic.ResourceInterface {
	resource := "serviceentries"
	if ref.Kind == mesh.KindDestinationRule {
		resource = "destinationrules"
	}
	return c.api.Resource(schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: resource}).Namespace(ref.Namespace)
}

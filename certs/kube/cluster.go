// Package kube is the Kubernetes side of the shared CA: it stores the CAs in a Secret, publishes bundles in webhook
// configurations, announces replicas by Leases and elects the leader by one more. Nothing is decided here.
package kube

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	admission "k8s.io/client-go/kubernetes/typed/admissionregistration/v1"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"
	core "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"

	"github.com/tlsward/tlsward/certs"
)

// The labels and annotations that are set on objects or read from them.
const (
	// RotateAnnotation on the Secret, with any value, asks for a rotation now.
	RotateAnnotation = "tlsward.io/rotate"
	// ServingAnnotation on a replica's Lease holds the CA that it presents, in PEM.
	ServingAnnotation = "tlsward.io/serving-ca"
	// ReplicaLabel on a replica's Lease holds the Secret's name, so that two installations do not mix.
	ReplicaLabel = "tlsward.io/ca"
)

// requestTimeout bounds each request, so that one that hangs cannot stop a rotation or a repair of a bundle.
const requestTimeout = 10 * time.Second

// Options name the objects. Roles grant access to these names alone.
type Options struct {
	Config    *rest.Config
	Namespace string
	// Secret stores the CAs.
	Secret string
	// Validating and Mutating are the webhook configurations that get the bundle.
	Validating, Mutating []string
	// Pod owns what this replica announces; both "" outside a pod.
	PodName, PodUID string
	Log             *slog.Logger
}

// Cluster is a certs.Cluster on a live API server.
type Cluster struct {
	Options
	secrets  core.SecretInterface
	leases   coordination.LeaseInterface
	webhooks []webhookClient
	// secretMeta is what the Secret's metadata had when it was last read, for when it has to be created again.
	secretMeta metav1.ObjectMeta
}

var _ certs.Cluster = (*Cluster)(nil)

// New returns a Cluster. It does not talk to the API server yet.
func New(o Options) (*Cluster, error) {
	config := rest.CopyConfig(o.Config)
	config.Timeout = requestTimeout
	// With the usual 5 a second a wiped bundle would wait behind the requests of a rotation.
	config.QPS, config.Burst = 50, 100
	client, err := core.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	leases, err := coordination.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	configurations, err := admission.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	c := &Cluster{Options: o, secrets: client.Secrets(o.Namespace), leases: leases.Leases(o.Namespace)}
	for _, name := range o.Mutating {
		c.webhooks = append(c.webhooks, mutating(configurations, name))
	}
	for _, name := range o.Validating {
		c.webhooks = append(c.webhooks, validating(configurations, name))
	}
	return c, nil
}

// Read reads the Secret first: what replicas have announced and bundles hold is then never older than the CAs.
func (c *Cluster) Read(ctx context.Context) (certs.State, error) {
	var state certs.State
	if err := c.readCASet(ctx, &state); err != nil {
		return state, err
	}
	if err := c.readReplicas(ctx, &state); err != nil {
		return state, err
	}
	for _, client := range c.webhooks {
		found, err := client.read(ctx)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return state, fmt.Errorf("read %s %s: %w", client.kind, client.name, err)
		}
		state.Webhooks = append(state.Webhooks, found)
	}
	return state, nil
}

func (c *Cluster) readCASet(ctx context.Context, state *certs.State) error {
	secret, err := c.secrets.Get(ctx, c.Secret, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read Secret %s: %w", c.Secret, err)
	}
	c.secretMeta = metadataToKeep(secret)
	state.ResourceVersion = secret.ResourceVersion
	_, state.RotationRequested = secret.Annotations[RotateAnnotation]
	if state.CAs, err = certs.DecodeCASet(secret.Data); err != nil {
		state.DecodeError = fmt.Errorf("the Secret %s holds no usable CA: %w", c.Secret, err)
	}
	return nil
}

// metadataToKeep returns what whoever created the Secret put on it: a package manager finds its own objects by that.
func metadataToKeep(secret *corev1.Secret) metav1.ObjectMeta {
	m := metav1.ObjectMeta{Labels: secret.Labels, Annotations: map[string]string{}, OwnerReferences: secret.OwnerReferences}
	for key, value := range secret.Annotations {
		if key != RotateAnnotation {
			m.Annotations[key] = value
		}
	}
	return m
}

// Save writes the Secret. The API server refuses that if the resource version is not the last any more.
func (c *Cluster) Save(ctx context.Context, cas *certs.CASet, resourceVersion string) error {
	data, err := cas.Encode()
	if err != nil {
		return err
	}
	secret := &corev1.Secret{ObjectMeta: *c.secretMeta.DeepCopy(), Data: data, Type: corev1.SecretTypeOpaque}
	secret.Name, secret.Namespace, secret.ResourceVersion = c.Secret, c.Namespace, resourceVersion
	if resourceVersion == "" {
		_, err = c.secrets.Create(ctx, secret, metav1.CreateOptions{})
	} else {
		_, err = c.secrets.Update(ctx, secret, metav1.UpdateOptions{})
	}
	return asConflict(err, "write Secret "+c.Secret)
}

// asConflict wraps an error with the action, and as certs.ErrConflict if it means that another client was faster.
func asConflict(err error, action string) error {
	switch {
	case err == nil:
		return nil
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), apierrors.IsNotFound(err):
		return fmt.Errorf("%s: %w: %w", action, certs.ErrConflict, err)
	}
	return fmt.Errorf("%s: %w", action, err)
}

// Package kube is the Kubernetes side of the shared CA: it keeps the vault in a Secret, publishes bundles in webhook
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

// The marks that are set on objects or read from them.
const (
	// RotateAnnotation on the Secret, with any value, asks for a rotation now.
	RotateAnnotation = "tlsward.io/rotate"
	// ServingAnnotation on a replica's Lease holds the CA that it presents, in PEM.
	ServingAnnotation = "tlsward.io/serving-ca"
	// ReplicaLabel on a replica's Lease holds the Secret's name, so that two installations do not mix.
	ReplicaLabel = "tlsward.io/ca"
)

// callTimeout bounds each request, so that one that hangs cannot stop a rotation or a repair.
const callTimeout = 10 * time.Second

// Options name the objects. Roles grant access to these names alone.
type Options struct {
	Config    *rest.Config
	Namespace string
	// Secret keeps the CA.
	Secret string
	// Validating and Mutating are the webhook configurations that get the bundle.
	Validating, Mutating []string
	// Pod owns what this replica announces; both "" outside a pod.
	PodName, PodUID string
	Log             *slog.Logger
}

// Kube is a certs.Cluster on a live API server.
type Kube struct {
	Options
	secrets core.SecretInterface
	leases  coordination.LeaseInterface
	hooks   []hooks
	// marks are the labels and annotations of the Secret as last seen, to be given to it again when it is lost.
	marks metav1.ObjectMeta
}

var _ certs.Cluster = (*Kube)(nil)

// New prepares the clients. It does not talk to the API server yet.
func New(o Options) (*Kube, error) {
	config := rest.CopyConfig(o.Config)
	config.Timeout = callTimeout
	// The usual 5 a second would have a wiped bundle wait its turn behind what a rotation has asked.
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
	k := &Kube{Options: o, secrets: client.Secrets(o.Namespace), leases: leases.Leases(o.Namespace)}
	for _, name := range o.Mutating {
		k.hooks = append(k.hooks, mutating(configurations, name))
	}
	for _, name := range o.Validating {
		k.hooks = append(k.hooks, validating(configurations, name))
	}
	return k, nil
}

// Read reads the Secret first: what a replica announces, and what a bundle holds, is then never older than the vault.
func (k *Kube) Read(ctx context.Context) (certs.State, error) {
	var state certs.State
	if err := k.readVault(ctx, &state); err != nil {
		return state, err
	}
	if err := k.readReplicas(ctx, &state); err != nil {
		return state, err
	}
	for _, h := range k.hooks {
		found, err := h.read(ctx)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return state, fmt.Errorf("read %s %s: %w", h.kind, h.name, err)
		}
		state.Hooks = append(state.Hooks, found)
	}
	return state, nil
}

func (k *Kube) readVault(ctx context.Context, state *certs.State) error {
	secret, err := k.secrets.Get(ctx, k.Secret, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read Secret %s: %w", k.Secret, err)
	}
	k.marks = marks(secret)
	state.Version = secret.ResourceVersion
	_, state.Demanded = secret.Annotations[RotateAnnotation]
	if state.Vault, err = certs.DecodeVault(secret.Data); err != nil {
		state.Broken = fmt.Errorf("the Secret %s holds no usable CA: %w", k.Secret, err)
	}
	return nil
}

// marks keeps what whoever made the Secret put on it: a package manager finds its own by these.
func marks(secret *corev1.Secret) metav1.ObjectMeta {
	m := metav1.ObjectMeta{Labels: secret.Labels, Annotations: map[string]string{}, OwnerReferences: secret.OwnerReferences}
	for key, value := range secret.Annotations {
		if key != RotateAnnotation {
			m.Annotations[key] = value
		}
	}
	return m
}

// Save writes the vault into the Secret; the API server refuses it where the version is not the last any more.
func (k *Kube) Save(ctx context.Context, v *certs.Vault, version string) error {
	entries, err := v.Encode()
	if err != nil {
		return err
	}
	secret := &corev1.Secret{ObjectMeta: *k.marks.DeepCopy(), Data: entries, Type: corev1.SecretTypeOpaque}
	secret.Name, secret.Namespace, secret.ResourceVersion = k.Secret, k.Namespace, version
	if version == "" {
		_, err = k.secrets.Create(ctx, secret, metav1.CreateOptions{})
	} else {
		_, err = k.secrets.Update(ctx, secret, metav1.UpdateOptions{})
	}
	return settle(err, "write Secret "+k.Secret)
}

// settle gives ErrConflict for whatever means that somebody was faster.
func settle(err error, action string) error {
	switch {
	case err == nil:
		return nil
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), apierrors.IsNotFound(err):
		return fmt.Errorf("%s: %w: %w", action, certs.ErrConflict, err)
	}
	return fmt.Errorf("%s: %w", action, err)
}

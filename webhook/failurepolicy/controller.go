// Package failurepolicy closes the validating webhook: it turns its failurePolicy to Fail once the program has seen that
// the API server asks it and heeds its refusals. Until then a cluster whose installation went wrong keeps working.
package failurepolicy

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/dynamic"
	admission "k8s.io/client-go/kubernetes/typed/admissionregistration/v1"
	core "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
)

// FailurePolicyAnnotation on the validating webhook configuration says who decides: with the value "auto" the program
// closes it, with any other value, or none, it stays as it is.
const FailurePolicyAnnotation = "tlsward.io/failure-policy"

// manager owns the fields that are patched here, until releaseOwnership.
const manager = "tlsward"

// The times between two reconciliations: while the webhook is open, and as a safety net beside the watch.
const (
	openInterval   = 2 * time.Second
	resyncInterval = 30 * time.Second
)

// Options are what a Controller needs.
type Options struct {
	Config *rest.Config
	// Webhook is the name of the ValidatingWebhookConfiguration.
	Webhook string
	// ProbeNamespace is where the known-bad object is sent, as a dry-run. The webhook must look at it.
	ProbeNamespace string
	// Namespace is the program's own. The webhook configuration is made to go with it; "" leaves that out.
	Namespace string
	// IsLeader reports whether this replica does the work that only one may do.
	IsLeader func() bool
	Log      *slog.Logger
}

// Controller turns the webhook to fail closed when that is safe, and again after it was opened by a new release.
type Controller struct {
	Options
	api        admission.ValidatingWebhookConfigurationInterface
	namespaces core.NamespaceInterface
	objects    dynamic.Interface
	queue      chan struct{} // holds one item at most: there is one object to reconcile

	mu     sync.Mutex
	status Status
}

// Status is what the last reconciliation found.
type Status struct {
	// Closed reports whether every webhook of the configuration that is to be closed has the failurePolicy Fail.
	Closed bool
	// Why says why it is open, or since what it is closed.
	Why string
}

// New prepares the clients. It does not talk to the API server yet.
func New(o Options) (*Controller, error) {
	config := rest.CopyConfig(o.Config)
	config.Timeout = 10 * time.Second
	configurations, err := admission.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	namespaces, err := core.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	return &Controller{Options: o, api: configurations.ValidatingWebhookConfigurations(), namespaces: namespaces.Namespaces(),
		objects: objects, queue: make(chan struct{}, 1), status: Status{Why: "not looked yet"}}, nil
}

// Status returns what the last reconciliation found.
func (c *Controller) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

// Enqueue has the configuration reconciled now.
func (c *Controller) Enqueue() {
	select {
	case c.queue <- struct{}{}:
	default:
	}
}

// Start reconciles until ctx is done.
func (c *Controller) Start(ctx context.Context) error {
	go c.watch(ctx)
	for ctx.Err() == nil {
		next := c.reconcile(ctx)
		if ctx.Err() != nil {
			break
		}
		c.setStatus(next)
		interval := openInterval
		if next.Closed {
			interval = resyncInterval
		}
		select {
		case <-ctx.Done():
		case <-c.queue:
		case <-time.After(interval):
		}
	}
	return nil
}

// setStatus keeps the status, and logs it where it is new.
func (c *Controller) setStatus(next Status) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if next == c.status {
		return
	}
	c.status = next
	c.Log.Info("validating webhook", "closed", next.Closed, "why", next.Why)
}

// reconcile reads the configuration, and closes it where it may.
func (c *Controller) reconcile(ctx context.Context) Status {
	found, err := c.api.Get(ctx, c.Webhook, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return Status{Why: "there is no ValidatingWebhookConfiguration " + c.Webhook}
	}
	if err != nil {
		return Status{Why: "cannot read the webhook configuration: " + err.Error()}
	}
	open := openWebhooks(found)
	switch {
	case len(open) == 0:
		return Status{Closed: true, Why: "failurePolicy is Fail"}
	case found.Annotations[FailurePolicyAnnotation] != "auto":
		return Status{Why: "failurePolicy Ignore was chosen by whoever installed it"}
	case !c.IsLeader():
		return Status{Why: "another replica leads, and closes it"}
	}
	if err := c.probe(ctx, found); err != nil {
		return Status{Why: err.Error()}
	}
	c.setOwner(ctx, found)
	if err := c.close(ctx, open); err != nil {
		return Status{Why: err.Error()}
	}
	return Status{Closed: true, Why: "the API server refused a known-bad object because this program said so"}
}

// staysOpen is how the names of those webhooks end that fail open for good: for what the cluster must never wait for, as its
// Services.
const staysOpen = ".validate.tlsward.io"

// openWebhooks returns the indexes of the webhooks that fail open and are to be closed.
func openWebhooks(found *admissionv1.ValidatingWebhookConfiguration) []int {
	var open []int
	for i, w := range found.Webhooks {
		if !strings.HasSuffix(w.Name, staysOpen) && (w.FailurePolicy == nil || *w.FailurePolicy != admissionv1.Fail) {
			open = append(open, i)
		}
	}
	return open
}

// watch enqueues on every change of the configuration, so that a release that opens it is noticed at once.
func (c *Controller) watch(ctx context.Context) {
	for ctx.Err() == nil {
		stream, err := c.api.Watch(ctx, metav1.ListOptions{
			FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, c.Webhook).String()})
		if err == nil {
			for range stream.ResultChan() {
				c.Enqueue()
			}
			stream.Stop()
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

package ha

import (
	"context"
	"fmt"
	"time"

	admission "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// wipeValidating empties the validating webhook's caBundle, as a tool does that replaces the whole object with its
// template, and waits until it is back.
func (s *stage) wipeValidating(ctx context.Context) error {
	return wipe(ctx, s, s.clients.AdmissionregistrationV1().ValidatingWebhookConfigurations(),
		func(c *admission.ValidatingWebhookConfiguration) *[]byte { return &c.Webhooks[0].ClientConfig.CABundle })
}

// wipeMutating does the same to the mutating webhook.
func (s *stage) wipeMutating(ctx context.Context) error {
	return wipe(ctx, s, s.clients.AdmissionregistrationV1().MutatingWebhookConfigurations(),
		func(c *admission.MutatingWebhookConfiguration) *[]byte { return &c.Webhooks[0].ClientConfig.CABundle })
}

// configurations is the client for one kind of webhook configuration.
type configurations[T any] interface {
	Get(context.Context, string, metav1.GetOptions) (T, error)
	Update(context.Context, T, metav1.UpdateOptions) (T, error)
}

func wipe[T any](ctx context.Context, s *stage, api configurations[T], bundle func(T) *[]byte) error {
	found, err := api.Get(ctx, cluster.WebhookName, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("wipe the caBundle: %w", err)
	}
	*bundle(found) = nil
	begin := time.Now()
	defer func() { s.spells.add(untrusted, begin) }()
	if _, err := api.Update(ctx, found, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("wipe the caBundle: %w", err)
	}
	wiped := time.Now()
	for ; time.Since(wiped) < time.Minute; pause(ctx, time.Millisecond) {
		if found, err = api.Get(ctx, cluster.WebhookName, metav1.GetOptions{}); err == nil && len(*bundle(found)) > 0 {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.heals = append(s.heals, time.Since(wiped))
			return nil
		}
	}
	return fmt.Errorf("a minute after it was wiped the caBundle is not back (%w)", err)
}

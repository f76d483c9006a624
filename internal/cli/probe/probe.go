// Package probe is what `helm test` runs: it sees whether a refusal arrives.
package probe

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/tlsward/tlsward/internal/kubeconfig"
	"github.com/tlsward/tlsward/webhook/failurepolicy"
)

// Options are the flags of probe.
type Options struct {
	// Kubeconfig is the file that names the cluster, "" for the usual places.
	Kubeconfig string
	// WebhookConfigurations is the name of both webhook configurations.
	WebhookConfigurations string
	// Namespace is where the known-bad object is sent, as a dry-run.
	Namespace string
}

// interval is the time between two tries.
const interval = time.Second

// Run tries until the refusal arrives. The error is the last reason why it did not before ctx was done.
func Run(ctx context.Context, o Options, out io.Writer) error {
	rest, err := kubeconfig.Load(o.Kubeconfig)
	if err != nil {
		return fmt.Errorf("find the API server (--kubeconfig): %w", err)
	}
	controller, err := failurepolicy.New(failurepolicy.Options{Config: rest, Webhook: o.WebhookConfigurations,
		ProbeNamespace: o.Namespace, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	for {
		last := controller.Probe(ctx)
		if last == nil {
			_, err := fmt.Fprintln(out, "a known-bad object is refused by the webhook, as it should be")
			return err
		}
		select {
		case <-ctx.Done():
			return last
		case <-time.After(interval):
		}
	}
}

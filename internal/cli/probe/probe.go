// Package probe is the hidden command `tlsward probe`, which `helm test` runs: it sees whether the API server refuses a
// known-bad object because tlsward says so.
//
// Which object that is, and how the refusal is recognised, is package webhook/failurepolicy.
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
	// Patience is how long to try.
	Patience time.Duration
}

// interval is the time between two tries.
const interval = time.Second

// Run tries until the refusal arrives. The error is the last reason why it did not in time.
func Run(ctx context.Context, o Options, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, o.Patience)
	defer cancel()
	rest, err := kubeconfig.Load(o.Kubeconfig)
	if err != nil {
		return fmt.Errorf("find the API server (--kubeconfig): %w", err)
	}
	controller, err := failurepolicy.New(failurepolicy.Options{Config: rest, Webhook: o.WebhookConfigurations,
		ProbeNamespace: o.Namespace, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if err := retry(ctx, controller.Probe); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, "a known-bad object is refused by the webhook, as it should be")
	return err
}

// retry calls try until it succeeds. Once ctx is done it returns the last error.
func retry(ctx context.Context, try func(context.Context) error) error {
	for {
		last := try(ctx)
		if last == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return last
		case <-time.After(interval):
		}
	}
}

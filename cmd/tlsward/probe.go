package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/webhook/failurepolicy"
)

// newProbeCommand gives what `helm test` runs. It is hidden: it makes sense beside an installation alone.
func newProbeCommand() *cobra.Command {
	var s service
	var patience time.Duration
	cmd := &cobra.Command{
		Use:    "probe",
		Short:  "See whether the API server refuses a known-bad object because tlsward says so",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), patience)
			defer cancel()
			return s.probe(ctx, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.kubeconfig, "kubeconfig", "", "kubeconfig file (default: $KUBECONFIG, else the pod's service account)")
	f.StringVar(&s.webhooks, "webhook-configurations", "tlsward", "name of the webhook configurations")
	f.StringVar(&s.probeNamespace, "probe-namespace", "default", "namespace for the dry-run of a known-bad object")
	f.DurationVar(&patience, "patience", 30*time.Second, "how long to try")
	return cmd
}

// probe tries until the refusal arrives or ctx is done.
func (s *service) probe(ctx context.Context, out io.Writer) error {
	rest, err := s.rest()
	if err != nil {
		return err
	}
	closer, err := failurepolicy.New(failurepolicy.Options{Config: rest, Webhook: s.webhooks, ProbeNamespace: s.probeNamespace,
		Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	for {
		last := closer.Probe(ctx)
		if last == nil {
			_, err := fmt.Fprintln(out, "a known-bad object is refused by the webhook, as it should be")
			return err
		}
		select {
		case <-ctx.Done():
			return last
		case <-time.After(time.Second):
		}
	}
}

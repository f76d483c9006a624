package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/internal/cli/probe"
)

// newProbeCommand returns the command that `helm test` runs. It is hidden: it makes sense beside an installation alone.
func newProbeCommand() *cobra.Command {
	var o probe.Options
	cmd := &cobra.Command{
		Use:    "probe",
		Short:  "See whether the API server refuses a known-bad object because tlsward says so",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return probe.Run(cmd.Context(), o, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Kubeconfig, "kubeconfig", "", "kubeconfig file (default: $KUBECONFIG, else the pod's service account)")
	f.StringVar(&o.WebhookConfigurations, "webhook-configurations", "tlsward", "name of the webhook configurations")
	f.StringVar(&o.Namespace, "probe-namespace", "default", "namespace for the dry-run of a known-bad object")
	f.DurationVar(&o.Patience, "patience", 30*time.Second, "how long to try")
	return cmd
}

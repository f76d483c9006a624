package main

import (
	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/internal/cli/fix"
)

func newFixCommand() *cobra.Command {
	var o fix.Options
	cmd := &cobra.Command{
		Use:   "fix -f PATH...",
		Short: "Complete manifests as the mutating webhook would",
		Long: `Print the manifests as the mutating webhook would leave them, with their comments and their order.
What a person wrote is never changed; what is only missing is filled in.

With --kubeconfig or --context the manifests are laid over the mesh of that cluster, and completed as its objects ask for.`,
		Example: `  tlsward fix -f mesh/ --in-place
  tlsward fix -f entry.yaml --context production --diff`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := needPaths(&o.Source, args); err != nil {
				return err
			}
			return fix.Run(cmd.Context(), o, streams(cmd))
		},
	}
	addSource(cmd, &o.Source)
	cmd.Flags().BoolVar(&o.InPlace, "in-place", false, "write the files")
	cmd.Flags().BoolVar(&o.Diff, "diff", false, "print what changes")
	return cmd
}

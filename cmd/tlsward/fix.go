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

With --denials the fixes that denials print (tlsward check) are made instead, one after the other until nothing is denied: objects
change where they stand, with their comments, and a new one comes into a document of its own before the one that is denied. What
is printed is a diff, unless --in-place writes the files. A fix that has a name to be filled in, or is in words, is left to you,
and so are fixes that undo each other. The conditions under which a fix is right are told beside it.

What is rendered (-k, --helm) is edited where it comes from, by you: what would be completed or mended there is told, and no file is written.

With --kubeconfig or --context the manifests are laid over the mesh of that cluster, and completed as its objects ask for.

Exits with 0, 1 if --denials leaves something denied, 2 if the manifests cannot be read; then no file is written.`,
		Example: `  tlsward fix -f mesh/ --in-place
  tlsward fix -f entry.yaml --context production --diff
  tlsward fix -k overlays/production
  tlsward fix --helm charts/shop --values production.yaml --denials
  tlsward fix -f mesh/ --denials
  tlsward fix -f mesh/ --denials --in-place`,
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
	cmd.Flags().BoolVar(&o.Denials, "denials", false, "make the fixes of what is denied")
	return cmd
}

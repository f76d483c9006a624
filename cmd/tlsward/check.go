package main

import (
	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/internal/cli/check"
)

func newCheckCommand() *cobra.Command {
	o := check.Options{Version: programVersion()}
	cmd := &cobra.Command{
		Use:   "check -f PATH...",
		Args:  cobra.ArbitraryArgs,
		Short: "Judge manifests as the webhooks would",
		Long: `Take the manifests as one mesh, complete them as the mutating webhook would, and judge each object
against all the others.

Exits with 0 if nothing is denied, 1 if something is, 2 if the manifests could not be checked.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := addPaths(&o.Source, args); err != nil {
				return err
			}
			return check.Run(cmd.Context(), o, streams(cmd))
		},
	}
	addSource(cmd, &o.Source)
	cmd.Flags().StringVarP(&o.Output, "output", "o", "text", "text, json or sarif")
	return cmd
}

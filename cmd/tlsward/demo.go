package main

import (
	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/internal/cli/demo"
	"github.com/tlsward/tlsward/internal/terminal"
)

func newDemoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Show what tlsward does, without a cluster",
		Long: `Start the real server on loopback and play scenarios of Istio's documentation to it, as an API server
would. Ends in seconds and leaves nothing behind.`,
		Example: `  tlsward demo`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			return demo.Run(cmd.Context(), out, terminal.For(out))
		},
	}
}

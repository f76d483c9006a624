package main

import (
	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/internal/cli/config"
)

func newConfigCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "config",
		Short:   "Check configuration files",
		Example: `  tlsward config check tlsward.yaml`,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newConfigCheckCommand())
	return cmd
}

func newConfigCheckCommand() *cobra.Command {
	var o config.CheckOptions
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Tell what is wrong with configuration files, before a server has to obey them",
		Long: `Read each file as serve does, with the settings of the mesh that it names, and compile all policies by it. What is
wrong is told with its line and its field; - is standard input. What a policy in a ConfigMap or a bundle adds is not known here: name its
directory with --policies.

Exits with 0 if all files are right, 1 if something is wrong, 2 if a file or the policies cannot be read.`,
		Example: `  tlsward config check tlsward.yaml
  tlsward config check staging.yaml production.yaml --policies policies/
  tlsward config check -o json - < tlsward.yaml`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Files = args
			return config.Check(cmd.Context(), o, streams(cmd))
		},
	}
	cmd.Flags().StringSliceVar(&o.Policies, "policies", nil, "directory of further policies in Rego (may be repeated)")
	cmd.Flags().StringVarP(&o.Output, "output", "o", "text", "text or json")
	completeFlag(cmd, "output", "text", "json")
	return cmd
}

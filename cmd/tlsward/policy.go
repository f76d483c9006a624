package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/cli/policy"
)

func newPolicyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "policy",
		Short:   "Write, describe and measure policies",
		Example: `  tlsward policy new no-http`,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPolicyNewCommand(), newPolicyDocsCommand(), newPolicyBenchCommand())
	return cmd
}

func newPolicyNewCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "new ID",
		Short: "Write a policy, its test and a Suite that pass, to begin from",
		Example: `  tlsward policy new no-http --dir policies/
  tlsward test policies/no_http`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return policy.New(dir, args[0], cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&dir, "dir", ".", "directory to write the policy's folder into")
	return cmd
}

func newPolicyDocsCommand() *cobra.Command {
	var s offline.Source
	cmd := &cobra.Command{
		Use:     "docs",
		Short:   "Print the reference of the policies, in Markdown",
		Example: `  tlsward policy docs --policies policies/ > policies.md`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return policy.Docs(cmd.Context(), s, cmd.OutOrStdout())
		},
	}
	addPolicies(cmd, &s)
	return cmd
}

func newPolicyBenchCommand() *cobra.Command {
	var o policy.BenchOptions
	cmd := &cobra.Command{
		Use:   "bench [PATH...]",
		Short: "Measure what each policy costs, in time and allocations",
		Long: `Measure each policy found at the paths, by itself, on a review that it concerns. Without a path, or where
no policy is found, the built-in ones are measured.`,
		Example: `  tlsward policy bench
  tlsward policy bench policies/ -o json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Paths = args
			return policy.Bench(cmd.Context(), o, streams(cmd))
		},
	}
	addConfig(cmd, &o.Config)
	f := cmd.Flags()
	f.StringVarP(&o.Output, "output", "o", "text", "text or json")
	f.DurationVar(&o.Each, "each", 200*time.Millisecond, "how long to measure one policy")
	return cmd
}

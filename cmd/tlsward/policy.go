package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/internal/cli/test"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

func newPolicyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Write, describe and measure policies",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPolicyNewCommand(), newPolicyDocsCommand(), newPolicyBenchCommand())
	return cmd
}

func newPolicyNewCommand() *cobra.Command {
	dir := "."
	cmd := &cobra.Command{
		Use:   "new ID",
		Short: "Write a policy, its test and a Suite that pass, to begin from",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			written, err := policies.WriteScaffold(dir, args[0])
			for _, name := range written {
				if _, err := fmt.Fprintln(cmd.OutOrStdout(), name); err != nil {
					return err
				}
			}
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "dir", dir, "directory to write the policy's folder into")
	return cmd
}

func newPolicyDocsCommand() *cobra.Command {
	var config string
	var dirs []string
	cmd := &cobra.Command{
		Use:   "docs",
		Short: "Print the reference of the policies, in Markdown",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(config)
			if err != nil {
				return err
			}
			engine, err := policies.New(cmd.Context(), cfg, directories(dirs)...)
			if err != nil {
				return err
			}
			_, err = io.WriteString(cmd.OutOrStdout(), policies.Docs(engine.Policies()))
			return err
		},
	}
	cmd.Flags().StringVar(&config, "config", "", "configuration file (default: built-in defaults)")
	cmd.Flags().StringSliceVar(&dirs, "policies", nil, "directory of further policies in Rego (may be repeated)")
	return cmd
}

// benchOptions are the flags of policy bench.
type benchOptions struct {
	config string
	output string
	each   time.Duration
}

func newPolicyBenchCommand() *cobra.Command {
	o := benchOptions{each: 200 * time.Millisecond}
	cmd := &cobra.Command{
		Use:   "bench [PATH...]",
		Short: "Measure what each policy costs, in time and allocations",
		Long: `Measure each policy found at the paths, by itself, on a review that it concerns. Without a path, or where
no policy is found, the built-in ones are measured.`,
		RunE: func(cmd *cobra.Command, paths []string) error { return o.bench(cmd, paths) },
	}
	f := cmd.Flags()
	f.StringVar(&o.config, "config", "", "configuration file (default: built-in defaults)")
	f.StringVarP(&o.output, "output", "o", "text", "text or json")
	f.DurationVar(&o.each, "each", o.each, "how long to measure one policy")
	return cmd
}

func (o benchOptions) bench(cmd *cobra.Command, paths []string) error {
	if err := checkOutput(o.output, "text", "json"); err != nil {
		return err
	}
	cfg, err := loadConfig(o.config)
	if err != nil {
		return err
	}
	found, err := test.Find(cmd.InOrStdin(), paths...)
	if err != nil {
		return err
	}
	own, err := found.Policies()
	if err != nil {
		return err
	}
	judge, err := admission.NewEvaluator(cmd.Context(), cfg, own, found.Data)
	if err != nil {
		return err
	}
	stop := progress(cmd.ErrOrStderr(), "measuring")
	costs, err := judge.Engine.Bench(cmd.Context(), o.each)
	stop()
	if err != nil {
		return err
	}
	if len(own) > 0 {
		costs = slices.DeleteFunc(costs, func(c policies.Cost) bool { return builtin(judge.Engine, c.Policy) })
	}
	return o.write(cmd.OutOrStdout(), costs)
}

func builtin(engine *policies.Engine, id string) bool {
	return slices.ContainsFunc(engine.Policies(), func(p policies.Policy) bool { return p.ID == id && p.Builtin })
}

func (o benchOptions) write(w io.Writer, costs []policies.Cost) error {
	if o.output == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(costs)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	if _, err := fmt.Fprintln(table, "policy\tmedian\tp99\tallocations\tbytes\truns\t"); err != nil {
		return err
	}
	for _, c := range costs {
		if _, err := fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%d\t\n", c.Policy, c.Median, c.P99, c.Allocations, c.Bytes, c.Runs); err != nil {
			return err
		}
	}
	return table.Flush()
}

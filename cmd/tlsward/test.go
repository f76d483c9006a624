package main

import (
	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/internal/cli/test"
)

func newTestCommand() *cobra.Command {
	var o test.Options
	cmd := &cobra.Command{
		Use:   "test PATH...",
		Short: "Run Suites and Rego unit tests",
		Long: `Run the Suites and the Rego unit tests found at the paths: files, directories with all that is
below them, or - for standard input. Policies found there are judged with, beside the built-in ones.

With --kubeconfig or --context the stored objects of each case (given) are laid over the mesh of that cluster: what would
these reviews bring there? The cluster is only read. So they are over what a kustomization makes, with -k, or a chart, with
--helm.

Prints one line a failing case, and the totals. Exits with 0 if all passed, 1 if a case failed,
2 if the tests could not be run.`,
		Example: `  tlsward test policies/ test/suites
  tlsward test mesh/ -o junit > junit.xml
  tlsward test suites/ -k overlays/production
  tlsward test suites/ --helm charts/shop --values production.yaml
  tlsward test mesh/ --run 'payments/' --watch`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Paths = args
			return test.Run(cmd.Context(), o, streams(cmd))
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.Output, "output", "o", "text", "text, json or junit")
	f.StringVar(&o.Match, "run", "", "only the cases whose `suite/name` matches this regular expression")
	f.StringSliceVar(&o.Policies, "policies", nil, "directory of further policies in Rego (may be repeated)")
	addRendered(cmd, &o.Cluster)
	f.StringVar(&o.Cluster.Kubeconfig, "kubeconfig", "", "lay each case over the cluster of this kubeconfig `file`")
	f.StringVar(&o.Cluster.Context, "context", "", "lay each case over the cluster of this `context` of the kubeconfig file")
	f.BoolVarP(&o.Verbose, "verbose", "v", false, "print the cases that pass, too")
	f.BoolVar(&o.Coverage, "coverage", false, "print which lines of the Rego policies their unit tests reach")
	f.BoolVar(&o.Watch, "watch", false, "run again whenever a file changes")
	return cmd
}

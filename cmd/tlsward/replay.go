package main

import (
	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/internal/cli/replay"
)

func newReplayCommand() *cobra.Command {
	var o replay.Options
	cmd := &cobra.Command{
		Use:   "replay --policies NEW [-f PATH...] [--kubeconfig FILE] [--context NAME]",
		Short: "Tell what new policies would decide differently of what is there",
		Long: `Judge the objects of a cluster, or of manifests, by the policies in force and by new ones, and print the
difference by namespace. With manifests and --kubeconfig or --context they are laid over the mesh of that cluster. Nothing is
written anywhere.

In force are the built-in policies, --baseline and --config; new are the built-in policies, --policies and
--new-config. Exits with 0 if nothing is newly denied, 1 if something is, 2 if it could not be judged.`,
		Example: `  tlsward replay --policies new/ --context production
  tlsward replay -f mesh/ --new-config strict.yaml
  tlsward replay -k overlays/production --new-config strict.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			addPaths(&o.Source, args)
			return replay.Run(cmd.Context(), o, streams(cmd))
		},
	}
	addFilename(cmd, &o.Paths)
	addRendered(cmd, &o.Source)
	addVerbose(cmd, &o.Verbose)
	addCluster(cmd, &o.Source)
	f := cmd.Flags()
	f.StringVarP(&o.Output, "output", "o", "text", "text or json")
	f.StringSliceVar(&o.Policies, "policies", nil, "directory of the new policies in Rego (may be repeated)")
	f.StringSliceVar(&o.Baseline, "baseline", nil, "directory of further policies that are in force now (may be repeated)")
	f.StringVar(&o.Config, "config", "", "configuration file that is in force now (default: built-in defaults)")
	f.StringVar(&o.NewConfig, "new-config", "", "new configuration file (default: that of --config)")
	return cmd
}

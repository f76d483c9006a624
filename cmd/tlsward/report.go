package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/internal/cli/report"
)

func newReportCommand() *cobra.Command {
	var o report.Options
	cmd := &cobra.Command{
		Use:   "report [-f PATH...] [--kubeconfig FILE] [--context NAME] [-o text|json|csv|html | --serve]",
		Args:  cobra.ArbitraryArgs,
		Short: "Show how everything that leaves the mesh leaves, and who is let in",
		Long: `Show, for every external host and port and every client, whether what is sent leaves in plaintext or under TLS, whether the
server's name is checked, by which gateway it leaves, and who decided so; and, for every Service, who gets to its pods without an
identity of the mesh. What is worst comes first.

The mesh is that of the manifests; with --kubeconfig or --context that of the cluster with the manifests applied; without
manifests that of the cluster. It is only read.

--serve shows the page of -o html on this machine's loopback address, and the page follows the mesh while somebody looks at it.`,
		Example: `  tlsward report -f mesh/
  tlsward report -k overlays/production
  tlsward report --helm charts/shop --values production.yaml
  tlsward report --context production
  tlsward report --context production -o html > report.html
  tlsward report --context production --since last-week.json
  tlsward report --context production --serve`,
		RunE: func(cmd *cobra.Command, args []string) error {
			addPaths(&o.Source, args)
			return report.Run(cmd.Context(), o, streams(cmd))
		},
	}
	addSource(cmd, &o.Source)
	f := cmd.Flags()
	f.StringVarP(&o.Output, "output", "o", "text", "text, json, csv or html")
	f.StringVar(&o.Verified, "verified", "", "ConfigMap (`NAMESPACE/NAME`) in which tlsward verify --keep keeps what it found, to show that too")
	f.StringVar(&o.Since, "since", "", "an earlier report (-o json), to show what has changed")
	f.BoolVar(&o.All, "all", false, "leave nothing out of the text")
	f.BoolVar(&o.Serve, "serve", false, "show the page on 127.0.0.1, following the mesh, until Ctrl-C")
	f.Uint16Var(&o.Port, "port", 8390, "`port` of --serve; 0 for any free one")
	f.DurationVar(&o.Every, "every", 5*time.Second, "how often --serve reads the mesh at most, while somebody looks")
	f.BoolVar(&o.Mutated, "mutated", false, "the manifests as the mutating webhook would leave them")
	return cmd
}

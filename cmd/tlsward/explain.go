package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/internal/cli/explain"
)

func newExplainCommand() *cobra.Command {
	var o explain.Options
	cmd := &cobra.Command{
		Use:   "explain [-f PATH...] [--kubeconfig FILE] [--context NAME] HOST[:PORT]",
		Short: "Tell which way a client's bytes take to a host, and who decided on their TLS",
		Long: `Tell where the bytes go that a pod sends to HOST:PORT, hop by hop, under which TLS, and which object
and field decided so. Without a port, 80 is meant where the host has it, else its first.

The mesh is that of the manifests; with --kubeconfig or --context that of the cluster with the manifests applied; without
manifests that of the cluster.`,
		Example: `  tlsward explain -f mesh/ api.partner.example:80 --from shop
  tlsward explain -f mesh/ --context production api.partner.example:80
  tlsward explain --all api.partner.example`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("name the HOST or HOST:PORT to explain")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			last := len(args) - 1
			addPaths(&o.Source, args[:last])
			o.Target = args[last]
			return explain.Run(cmd.Context(), o, streams(cmd))
		},
	}
	cmd.ValidArgsFunction = completeHosts(&o.Source)
	addSource(cmd, &o.Source)
	f := cmd.Flags()
	f.StringVarP(&o.Output, "output", "o", "text", "text or json")
	f.StringVar(&o.From, "from", "", "`namespace` of the pod that sends (default: that of objects that name none)")
	f.StringToStringVar(&o.Labels, "labels", nil, "labels of the pod that sends, as k=v,...")
	f.BoolVar(&o.ExitCode, "exit-code", false, "exit with 1 unless all that is asked about leaves under TLS, started once")
	f.BoolVar(&o.All, "all", false, "every client that fares differently, and every port")
	completeFlag(cmd, "output", "text", "json")
	completeNamespace(cmd, "from", &o.Source)
	f.BoolVar(&o.Mutated, "mutated", false, "the manifests as the mutating webhook would leave them")
	return cmd
}

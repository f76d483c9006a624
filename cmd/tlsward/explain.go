package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/internal/cli/explain"
)

func newExplainCommand() *cobra.Command {
	var o explain.Options
	cmd := &cobra.Command{
		Use:   "explain -f PATH... HOST[:PORT]",
		Short: "Tell which way a client's bytes take to a host, and who decided on their TLS",
		Long: `Tell where the bytes go that a pod sends to HOST:PORT, hop by hop, under which TLS, and which object
and field decided so. Without a port, 80 is meant where the host has it, else its first.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("name the HOST or HOST:PORT to explain")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			last := len(args) - 1
			if err := addPaths(&o.Source, args[:last]); err != nil {
				return err
			}
			o.Target = args[last]
			return explain.Run(o, streams(cmd))
		},
	}
	addSource(cmd, &o.Source)
	f := cmd.Flags()
	f.StringVarP(&o.Output, "output", "o", "text", "text or json")
	f.StringVar(&o.From, "from", "", "`namespace` of the pod that sends (default: that of --namespace)")
	f.StringToStringVar(&o.Labels, "labels", nil, "labels of the pod that sends, as k=v,...")
	f.BoolVar(&o.All, "all", false, "every client that fares differently, and every port")
	f.BoolVar(&o.Mutated, "mutated", false, "the manifests as the mutating webhook would leave them")
	return cmd
}

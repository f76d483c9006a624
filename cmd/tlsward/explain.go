package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/internal/cli/explain"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/terminal"
	"github.com/tlsward/tlsward/mesh"
)

// explainOptions are the flags of explain.
type explainOptions struct {
	fileOptions
	output  string
	from    string
	labels  map[string]string
	all     bool
	mutated bool
}

func newExplainCommand() *cobra.Command {
	var o explainOptions
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
			if err := o.more(args[:len(args)-1]); err != nil {
				return err
			}
			return o.explain(cmd, args[len(args)-1])
		},
	}
	o.add(cmd)
	f := cmd.Flags()
	f.StringVarP(&o.output, "output", "o", "text", "text or json")
	f.StringVar(&o.from, "from", "", "`namespace` of the pod that sends (default: that of --namespace)")
	f.StringToStringVar(&o.labels, "labels", nil, "labels of the pod that sends, as k=v,...")
	f.BoolVar(&o.all, "all", false, "every client that fares differently, and every port")
	f.BoolVar(&o.mutated, "mutated", false, "the manifests as the mutating webhook would leave them")
	return cmd
}

func (o *explainOptions) explain(cmd *cobra.Command, argument string) error {
	if err := checkOutput(o.output, "text", "json"); err != nil {
		return err
	}
	target, err := explain.ParseTarget(argument)
	if err != nil {
		return err
	}
	stop := progress(cmd.ErrOrStderr(), "explaining")
	m, err := o.load(cmd)
	stop()
	if err != nil {
		return err
	}
	answers := o.answers(m.Snapshot, target)
	out := cmd.OutOrStdout()
	if o.output == "json" {
		return explain.WriteJSON(out, answers, o.all)
	}
	return explain.WriteText(out, answers, locate(m), terminal.For(out))
}

func (o *explainOptions) load(cmd *cobra.Command) (*offline.Mesh, error) {
	judge, err := o.mutator()
	if err != nil {
		return nil, err
	}
	m, err := o.mesh(judge, cmd.InOrStdin(), cmd.ErrOrStderr())
	if err == nil && o.mutated {
		err = m.Mutate(judge)
	}
	return m, err
}

func (o *explainOptions) answers(s *mesh.Snapshot, target explain.Target) []explain.Answer {
	if !o.all {
		from := o.from
		if from == "" {
			from = o.namespace
		}
		return []explain.Answer{explain.Of(s, s.ClientOf(from, o.labels, target.Host), target.Host, target.PortOf(s))}
	}
	ports := []uint32{target.Port}
	if target.Port == 0 {
		ports = s.Ports(target.Host)
	}
	var answers []explain.Answer
	for _, port := range ports {
		for _, client := range s.Clients(target.Host) {
			answers = append(answers, explain.Of(s, client, target.Host, port))
		}
	}
	return answers
}

// locate finds decisions in the files.
func locate(m *offline.Mesh) explain.Locate {
	places := map[mesh.Ref]*offline.Object{}
	for _, o := range m.Objects {
		places[o.Ref] = o
	}
	return func(d mesh.Decision) string {
		o := places[d.Object]
		if o == nil {
			return ""
		}
		return fmt.Sprintf("%s:%d", o.File, o.LineOf(strings.TrimSpace(d.Field)))
	}
}

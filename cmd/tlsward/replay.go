package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/client-go/dynamic"

	"github.com/tlsward/tlsward/internal/cli/check"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/cli/replay"
	"github.com/tlsward/tlsward/internal/kubeconfig"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/internal/terminal"
	"github.com/tlsward/tlsward/webhook/admission"
)

// replayOptions are the flags of replay.
type replayOptions struct {
	files      []string
	kubeconfig string
	namespace  string
	output     string

	policies, baseline   []string
	config, configBefore string
}

func newReplayCommand() *cobra.Command {
	var o replayOptions
	cmd := &cobra.Command{
		Use:   "replay --policies NEW [-f PATH... | --kubeconfig FILE]",
		Short: "Tell what new policies would decide differently of what is there",
		Long: `Judge the objects of a cluster, or of manifests, by the policies in force and by new ones, and print the
difference by namespace. Nothing is written anywhere.

In force are the built-in policies, --baseline and --config; new are the built-in policies, --policies and
--new-config. Exits with 0 if nothing is newly denied, 1 if something is, 2 if it could not be judged.`,
		RunE: func(cmd *cobra.Command, paths []string) error {
			o.files = append(o.files, paths...)
			return o.replay(cmd)
		},
	}
	f := cmd.Flags()
	f.StringArrayVarP(&o.files, "filename", "f", nil, "`PATH` of manifests: a file, a directory, or - for standard input (may be repeated)")
	f.StringVar(&o.kubeconfig, "kubeconfig", "", "read the cluster of this kubeconfig file (default without -f: $KUBECONFIG)")
	f.StringVarP(&o.namespace, "namespace", "n", "default", "namespace of manifests that name none")
	f.StringVarP(&o.output, "output", "o", "text", "text or json")
	f.StringSliceVar(&o.policies, "policies", nil, "directory of the new policies in Rego (may be repeated)")
	f.StringSliceVar(&o.baseline, "baseline", nil, "directory of further policies that are in force now (may be repeated)")
	f.StringVar(&o.configBefore, "config", "", "configuration file that is in force now (default: built-in defaults)")
	f.StringVar(&o.config, "new-config", "", "new configuration file (default: that of --config)")
	return cmd
}

func (o *replayOptions) replay(cmd *cobra.Command) error {
	if err := checkOutput(o.output, "text", "json"); err != nil {
		return err
	}
	if len(o.policies) == 0 && o.config == "" {
		return errors.New("name what is new: --policies or --new-config")
	}
	if len(o.files) > 0 && o.kubeconfig != "" {
		return errors.New("-f and --kubeconfig: want one of them")
	}
	stop := progress(cmd.ErrOrStderr(), "replaying")
	list, err := o.compare(cmd)
	stop()
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if o.output == "json" {
		err = replay.WriteJSON(out, list)
	} else {
		err = replay.WriteText(out, list, terminal.For(out))
	}
	if err == nil && replay.NewlyDenied(list) > 0 {
		return exitCode(exitDenied)
	}
	return err
}

func (o *replayOptions) compare(cmd *cobra.Command) ([]replay.Namespace, error) {
	ctx := cmd.Context()
	docs, err := o.documents(cmd)
	if err != nil {
		return nil, err
	}
	if o.config == "" {
		o.config = o.configBefore
	}
	m, now, err := judged(ctx, docs, o.namespace, o.configBefore, o.baseline)
	if err != nil {
		return nil, err
	}
	_, then, err := judged(ctx, docs, o.namespace, o.config, o.policies)
	if err != nil {
		return nil, err
	}
	return replay.Compare(m, now, then), nil
}

// judged checks documents by a configuration and policies.
func judged(ctx context.Context, docs []manifests.Document, namespace, config string, dirs []string) (*offline.Mesh, []check.Finding, error) {
	cfg, err := loadConfig(config)
	if err != nil {
		return nil, nil, err
	}
	judge, err := admission.NewEvaluator(ctx, cfg, directories(dirs)...)
	if err != nil {
		return nil, nil, err
	}
	m, err := offline.Load(admission.MeshSettings(cfg.Mesh), docs, namespace)
	if err != nil {
		return nil, nil, err
	}
	if err := m.Mutate(judge); err != nil {
		return nil, nil, err
	}
	findings, err := check.Run(ctx, judge, m)
	return m, findings, err
}

func (o *replayOptions) documents(cmd *cobra.Command) ([]manifests.Document, error) {
	if len(o.files) > 0 {
		return manifests.Read(cmd.InOrStdin(), o.files...)
	}
	config, err := kubeconfig.Load(o.kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("find the cluster (--kubeconfig, or -f for manifests): %w", err)
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return replay.Cluster(cmd.Context(), client)
}

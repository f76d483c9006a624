package replay

import (
	"context"
	"errors"

	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/check"
	"github.com/tlsward/tlsward/internal/cli/live"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/config"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/internal/terminal"
)

// Options are what `tlsward replay` is asked to do.
type Options struct {
	// Paths are the manifests. If there are none, the objects are those of the cluster of Kubeconfig.
	Paths      []string
	Kubeconfig string
	// Namespace is that of manifests that name none.
	Namespace string
	// Config and Baseline are the configuration file and the directories of policies in force.
	Config   string
	Baseline []string
	// NewConfig and Policies are the new ones. NewConfig is "" if the configuration stays as it is.
	NewConfig string
	Policies  []string
	// Output is text or json.
	Output string
}

// check returns an error if the options contradict each other.
func (o Options) check() error {
	if err := cli.CheckOutput(o.Output, "text", "json"); err != nil {
		return err
	}
	if len(o.Policies) == 0 && o.NewConfig == "" {
		return errors.New("name what is new: --policies or --new-config")
	}
	if len(o.Paths) > 0 && o.Kubeconfig != "" {
		return errors.New("-f and --kubeconfig: want one of them")
	}
	return nil
}

// Run writes what changes, by namespace. The error is cli.ErrIssuesFound if any object would be newly denied.
func Run(ctx context.Context, o Options, streams cli.Streams) error {
	if err := o.check(); err != nil {
		return err
	}
	stop := streams.Progress("replaying")
	list, err := o.replay(ctx, streams)
	stop()
	if err != nil {
		return err
	}
	if o.Output == "json" {
		err = cli.WriteJSON(streams.Out, list)
	} else {
		err = WriteText(streams.Out, list, terminal.For(streams.Out))
	}
	if err == nil && NewlyDenied(list) > 0 {
		return cli.ErrIssuesFound
	}
	return err
}

func (o Options) replay(ctx context.Context, streams cli.Streams) ([]Namespace, error) {
	docs, err := o.documents(ctx, streams)
	if err != nil {
		return nil, err
	}
	now := offline.Source{Namespace: o.Namespace, Config: o.Config, Policies: o.Baseline}
	then := offline.Source{Namespace: o.Namespace, Config: o.NewConfig, Policies: o.Policies}
	if then.Config == "" {
		then.Config = now.Config
	}
	m, findingsNow, err := validate(ctx, now, docs)
	if err != nil {
		return nil, err
	}
	_, findingsThen, err := validate(ctx, then, docs)
	if err != nil {
		return nil, err
	}
	return Compare(m, findingsNow, findingsThen), nil
}

// validate returns the mesh of the documents and what is found in it by the source's configuration and policies.
func validate(ctx context.Context, by offline.Source, docs []manifests.Document) (*offline.Mesh, []check.Finding, error) {
	evaluator, err := by.Evaluator(ctx)
	if err != nil {
		return nil, nil, err
	}
	m, err := by.Mesh(evaluator, docs)
	if err != nil {
		return nil, nil, err
	}
	if err := m.Mutate(evaluator); err != nil {
		return nil, nil, err
	}
	findings, err := check.Validate(ctx, evaluator, m)
	return m, findings, err
}

func (o Options) documents(ctx context.Context, streams cli.Streams) ([]manifests.Document, error) {
	if len(o.Paths) > 0 {
		return manifests.Read(streams.In, o.Paths...)
	}
	client, _, err := live.Connect(&genericclioptions.ConfigFlags{KubeConfig: &o.Kubeconfig})
	if err != nil {
		return nil, err
	}
	docs, notes, err := live.Objects(ctx, client)
	if err != nil {
		return nil, err
	}
	now, err := config.LoadOrDefault(o.Config)
	if err != nil {
		return nil, err
	}
	configuring, more, err := live.ControlPlane(ctx, client, now.Mesh.Revision)
	for _, note := range append(notes, more...) {
		streams.Note("%s", note)
	}
	return append(docs, configuring...), err
}

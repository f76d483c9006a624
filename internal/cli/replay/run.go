package replay

import (
	"cmp"
	"context"
	"errors"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/check"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/terminal"
)

// Options are what `tlsward replay` is asked to do.
type Options struct {
	// Source names what is judged, the configuration in force, and the new Policies.
	offline.Source
	// Baseline are the directories of policies in force.
	Baseline []string
	// NewConfig is the new configuration file, "" if the configuration stays as it is.
	NewConfig string
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
	return nil
}

// Run writes what changes, by namespace. The error is cli.ErrIssuesFound if any object would be newly denied.
func Run(ctx context.Context, o Options, streams cli.Streams) error {
	if err := o.check(); err != nil {
		return err
	}
	stop := streams.Progress("replaying")
	list, broken, err := o.replay(ctx, streams)
	stop()
	if err != nil {
		return err
	}
	if o.Output == "json" {
		err = cli.WriteJSON(streams.Out, list)
	} else {
		err = WriteText(streams.Out, list, terminal.For(streams.Out))
	}
	if err = errors.Join(err, broken); err == nil && NewlyDenied(list) > 0 {
		return cli.ErrIssuesFound
	}
	return err
}

// replay returns the differences, and beside them what names the objects that could not be judged.
func (o Options) replay(ctx context.Context, streams cli.Streams) (list []Namespace, broken, err error) {
	now, then := o.Source, o.Source
	now.Policies = o.Baseline
	then.Config = cmp.Or(o.NewConfig, now.Config)
	inForce, err := now.Evaluator(ctx)
	if err != nil {
		return nil, nil, err
	}
	proposed, err := then.Evaluator(ctx)
	if err != nil {
		return nil, nil, err
	}
	meshes, err := o.ReadEach(ctx, streams, inForce, proposed)
	if err != nil {
		return nil, nil, err
	}
	findingsNow, err := validate(ctx, meshes[0])
	if err != nil {
		return nil, nil, err
	}
	findingsThen, err := validate(ctx, meshes[1])
	if err != nil {
		return nil, nil, err
	}
	return Compare(meshes[0], findingsNow, findingsThen), meshes[0].Whole(), nil
}

// validate returns what is found in a mesh once it is completed.
func validate(ctx context.Context, m *offline.Mesh) ([]check.Finding, error) {
	if err := m.Mutate(); err != nil {
		return nil, err
	}
	return check.Validate(ctx, m.Evaluator, m)
}

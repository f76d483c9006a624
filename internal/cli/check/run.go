package check

import (
	"context"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/terminal"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// Options are what `tlsward check` is asked to do.
type Options struct {
	offline.Source
	// Against is an earlier state of the files, a directory or a git revision: what changed since is judged; "" for all.
	Against string
	// Output is text, json or sarif.
	Output string
	// Version is the program's, which SARIF names.
	Version string
}

// Run checks the files, or without any what is stored in the cluster, and writes the findings. The error is
// cli.ErrIssuesFound if any object would be denied; it names the objects that could not be read, which hinder none of the
// others from being judged.
func Run(ctx context.Context, o Options, streams cli.Streams) error {
	if err := cli.CheckOutput(o.Output, "text", "json", "sarif"); err != nil {
		return err
	}
	stop := streams.Progress("checking")
	r, err := o.check(ctx, streams)
	stop()
	if err != nil {
		return err
	}
	switch o.Output {
	case "json":
		err = WriteJSON(streams.Out, r.findings)
	case "sarif":
		err = WriteSARIF(streams.Out, r.findings, r.policies, o.Version)
	default:
		err = WriteText(streams.Out, r.findings, r.objects, terminal.For(streams.Out))
	}
	if err == nil {
		err = r.broken
	}
	if err == nil && Denied(r.findings) {
		return cli.ErrIssuesFound
	}
	return err
}

// report is what there is to write.
type report struct {
	findings []Finding
	objects  int // that were checked
	policies []policies.Policy
	broken   error // names the objects that could not be judged
}

func (o Options) check(ctx context.Context, streams cli.Streams) (report, error) {
	evaluator, err := o.Evaluator(ctx)
	if err != nil {
		return report{}, err
	}
	m, err := o.mesh(ctx, evaluator, streams)
	if err != nil {
		return report{}, err
	}
	findings, err := Validate(ctx, evaluator, m)
	return report{findings, len(m.Objects), evaluator.Engine.Policies(), m.Whole()}, err
}

// mesh returns the mesh whose Objects are to be judged.
func (o Options) mesh(ctx context.Context, evaluator *admission.Evaluator, streams cli.Streams) (*offline.Mesh, error) {
	if o.Against != "" {
		return o.ReadChanges(ctx, evaluator, o.Against, streams)
	}
	m, err := o.Read(ctx, evaluator, streams)
	if err != nil || len(o.Paths) == 0 { // what is stored is judged as it stands
		return m, err
	}
	return m, m.Mutate(evaluator)
}

package check

import (
	"context"
	"errors"
	"io"
	"slices"

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
	// Output is one of Outputs.
	Output string
	// FailOn is warn if warnings make the command fail, too, else deny or "".
	FailOn string
	// Only are the ids of the policies that are looked at; none for all.
	Only []string
	// Baseline is a file that an earlier run wrote with -o json-report or json: what it has is known, and left out; "" for none.
	Baseline string
	// Annotate adds GitHub's workflow commands to the text.
	Annotate bool
	// Version is the program's, which reports name.
	Version string
}

// Outputs are the values of Options.Output.
func Outputs() []string { return []string{"text", "json", "json-report", "sarif", "junit", "github"} }

// Run checks the files, or without any what is stored in the cluster, and writes the findings. The error is
// cli.ErrIssuesFound if any object would be denied; it names the objects that could not be read, which hinder none of the
// others from being judged.
func Run(ctx context.Context, o Options, streams cli.Streams) error {
	if err := errors.Join(cli.CheckOutput(o.Output, Outputs()...), checkFailOn(o.FailOn)); err != nil {
		return err
	}
	stop := streams.Progress("checking")
	r, err := o.check(ctx, streams)
	stop()
	if err != nil {
		return err
	}
	if err := errors.Join(o.write(streams.Out, r), r.broken); err != nil {
		return err
	}
	if slices.ContainsFunc(r.findings, o.fails) {
		return cli.ErrIssuesFound
	}
	return nil
}

func (o Options) write(w io.Writer, r report) error {
	switch o.Output {
	case "json":
		return WriteJSON(w, r.findings)
	case "json-report":
		return writeJSONReport(w, r, o.Version)
	case "sarif":
		return WriteSARIF(w, r, slices.Concat(r.policies, ownPolicies()), o.Version)
	case "junit":
		return o.writeJUnit(w, r)
	case "github":
		return writeGitHub(w, r)
	}
	if err := writeText(w, r, terminal.For(w)); err != nil || !o.Annotate {
		return err
	}
	return writeGitHub(w, r)
}

// report is what there is to write.
type report struct {
	findings []Finding
	mesh     *offline.Mesh     // of which they are
	objects  []*offline.Object // that were judged
	policies []policies.Policy
	known    int      // findings of the baseline, which are left out
	passedBy int      // documents that are no Kubernetes objects
	unread   []unread // what is wrong with those that could not be judged
	lost     int      // how many these are
	broken   error    // names them
}

func (o Options) check(ctx context.Context, streams cli.Streams) (report, error) {
	known, err := readBaseline(o.Baseline)
	if err != nil {
		return report{}, err
	}
	evaluator, err := o.Evaluator(ctx)
	if err != nil {
		return report{}, err
	}
	all := evaluator.Engine.Policies()
	if err := checkOnly(o.Only, all); err != nil {
		return report{}, err
	}
	m, err := o.mesh(ctx, evaluator, streams)
	if err != nil {
		return report{}, err
	}
	r := report{mesh: m, objects: m.Objects, policies: all, passedBy: m.PassedBy, unread: unreadOf(m.Broken), lost: m.Unread, broken: m.Whole()}
	if r.findings, err = Validate(ctx, m.Evaluator, m); err != nil {
		return report{}, err
	}
	left, leftOut := known.leaveOut(only(r.findings, o.Only))
	r.findings, r.known = left, len(Together(leftOut))
	return r, nil
}

// mesh returns the mesh whose Objects are to be judged.
func (o Options) mesh(ctx context.Context, evaluator *admission.Evaluator, streams cli.Streams) (*offline.Mesh, error) {
	if o.Against != "" {
		return o.ReadChanges(ctx, evaluator, o.Against, streams)
	}
	m, err := o.Read(ctx, evaluator, streams)
	if err != nil || !o.HasFiles() { // what is stored is judged as it stands
		return m, err
	}
	return m, m.Mutate()
}

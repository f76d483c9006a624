package test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/policies"
)

// Options are what `tlsward test` is asked to do.
type Options struct {
	// Paths are files, directories, and "-" for standard input.
	Paths []string
	// Cluster names the cluster over which the stored objects of each case are laid; none by default.
	Cluster offline.Source
	// Match is a regular expression for suite/name: only the cases that it matches are run, and no Rego unit test.
	// "" is for all of both.
	Match string
	// Policies are directories of policies beside the built-in ones and those at Paths.
	Policies []string
	// Output is text, json or junit.
	Output string
	// Verbose prints the cases that pass, too, and names what is passed by, and Coverage what the Rego unit tests reach.
	Verbose, Coverage bool
	// Watch runs everything again whenever a file at Paths changes.
	Watch bool
}

// Run runs what is found at the paths and writes the report. The error is cli.ErrIssuesFound if a case failed.
func Run(ctx context.Context, o Options, streams cli.Streams) error {
	if o.Watch {
		return watch(ctx, streams.Out, o.Paths, func() error { return o.run(ctx, streams) })
	}
	return o.run(ctx, streams)
}

func (o Options) run(ctx context.Context, streams cli.Streams) error {
	if err := cli.CheckOutput(o.Output, "text", "json", "junit"); err != nil {
		return err
	}
	stop := streams.Progress("running the tests")
	report, broken, err := o.report(ctx, streams)
	stop()
	if err != nil {
		return err
	}
	if err := errors.Join(o.write(streams.Out, report), broken); err != nil {
		return err
	}
	if _, failed, _ := report.Count(); failed > 0 {
		return cli.ErrIssuesFound
	}
	return nil
}

// report finds and runs everything, and returns beside the report what names the Suites that cannot be read.
func (o Options) report(ctx context.Context, streams cli.Streams) (report Report, broken, err error) {
	match, err := regexp.Compile(o.Match)
	if err != nil {
		return report, nil, fmt.Errorf("--run: %w", err)
	}
	found, err := Find(streams.In, o.Paths...)
	if err != nil {
		return report, nil, err
	}
	streams.NotePassedBy(found.PassedBy, o.Verbose)
	broken = errors.Join(found.Broken...)
	if o.Match == "" && len(found.Rego) > 0 {
		if report.Rego, err = policies.Test(ctx, found.Rego, found.Data); err != nil {
			return report, nil, err
		}
	}
	own, err := found.Policies()
	if err != nil {
		return report, nil, err
	}
	runner := Runner{Sources: append(policies.Dirs(o.Policies), own, found.Data)}
	runner.Below = func(ctx context.Context, c *v1alpha1.Config) (*offline.Below, error) {
		return o.Cluster.Below(ctx, c, streams)
	}
	for _, s := range found.Suites {
		results, err := runner.Run(ctx, s, func(name string) bool { return match.MatchString(s.Name + "/" + name) })
		if err != nil {
			return report, nil, err
		}
		report.Cases = append(report.Cases, results...)
	}
	if passed, failed, skipped := report.Count(); passed+failed+skipped == 0 && broken == nil {
		return report, nil, fmt.Errorf("no Suite and no Rego test found at %s", strings.Join(o.Paths, ", "))
	}
	return report, broken, nil
}

func (o Options) write(w io.Writer, report Report) error {
	switch o.Output {
	case "json":
		return report.WriteJSON(w)
	case "junit":
		return report.WriteJUnit(w)
	}
	if o.Coverage {
		if err := report.WriteCoverage(w); err != nil {
			return err
		}
	}
	return report.WriteText(w, o.Verbose)
}

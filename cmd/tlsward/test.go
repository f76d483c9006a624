package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/internal/cli/test"
	"github.com/tlsward/tlsward/policies"
)

// testOptions are the flags of test.
type testOptions struct {
	output   string
	run      string
	policies []string
	verbose  bool
	coverage bool
	watch    bool
}

func newTestCommand() *cobra.Command {
	var o testOptions
	cmd := &cobra.Command{
		Use:   "test PATH...",
		Short: "Run Suites and Rego unit tests",
		Long: `Run the Suites and the Rego unit tests found at the paths: files, directories with all that is
below them, or - for standard input. Policies found there are judged with, beside the built-in ones.

Prints one line a failing case, and the totals. Exits with 0 if all passed, 1 if a case failed,
2 if the tests could not be run.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			if o.watch {
				return o.watchPaths(cmd, paths)
			}
			return o.test(cmd, paths)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.output, "output", "o", "text", "text, json or junit")
	f.StringVar(&o.run, "run", "", "only the cases whose `suite/name` matches this regular expression")
	f.StringSliceVar(&o.policies, "policies", nil, "directory of further policies in Rego (may be repeated)")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "print the cases that pass, too")
	f.BoolVar(&o.coverage, "coverage", false, "print which lines of the Rego policies their unit tests reach")
	f.BoolVar(&o.watch, "watch", false, "run again whenever a file changes")
	return cmd
}

func (o testOptions) test(cmd *cobra.Command, paths []string) error {
	if err := checkOutput(o.output, "text", "json", "junit"); err != nil {
		return err
	}
	stop := progress(cmd.ErrOrStderr(), "running the tests")
	report, err := o.report(cmd.Context(), cmd.InOrStdin(), paths)
	stop()
	if err != nil {
		return err
	}
	if err := o.write(cmd.OutOrStdout(), report); err != nil {
		return err
	}
	if _, failed, _ := report.Count(); failed > 0 {
		return exitCode(exitDenied)
	}
	return nil
}

// report finds and runs everything.
func (o testOptions) report(ctx context.Context, stdin io.Reader, paths []string) (test.Report, error) {
	var report test.Report
	match, err := regexp.Compile(o.run)
	if err != nil {
		return report, fmt.Errorf("--run: %w", err)
	}
	found, err := test.Find(stdin, paths...)
	if err != nil {
		return report, err
	}
	if o.run == "" && len(found.Rego) > 0 {
		if report.Rego, err = policies.Test(ctx, found.Rego, found.Data); err != nil {
			return report, err
		}
	}
	own, err := found.Policies()
	if err != nil {
		return report, err
	}
	runner := test.Runner{Sources: append(directories(o.policies), own, found.Data)}
	for _, s := range found.Suites {
		results, err := runner.Run(ctx, s, func(name string) bool { return match.MatchString(s.Name + "/" + name) })
		if err != nil {
			return report, err
		}
		report.Cases = append(report.Cases, results...)
	}
	if passed, failed, skipped := report.Count(); passed+failed+skipped == 0 {
		return report, fmt.Errorf("no Suite and no Rego test found at %s", strings.Join(paths, ", "))
	}
	return report, nil
}

func (o testOptions) write(w io.Writer, report test.Report) error {
	switch o.output {
	case "json":
		return report.WriteJSON(w)
	case "junit":
		return report.WriteJUnit(w)
	}
	var err error
	if o.coverage {
		for _, lines := range report.Rego.Uncovered {
			_, e := fmt.Fprintln(w, "not covered:", lines)
			err = errors.Join(err, e)
		}
		_, e := fmt.Fprintf(w, "coverage: %.1f%%\n", report.Rego.Coverage)
		err = errors.Join(err, e)
	}
	return errors.Join(err, report.WriteText(w, o.verbose))
}

// directories are the sources that --policies names.
func directories(paths []string) []policies.Source {
	var sources []policies.Source
	for _, path := range paths {
		sources = append(sources, policies.Dir(path))
	}
	return sources
}

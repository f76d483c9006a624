package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/internal/cli/check"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/terminal"
	"github.com/tlsward/tlsward/webhook/admission"
)

// checkOptions are the flags of check.
type checkOptions struct {
	fileOptions
	output string
}

func newCheckCommand() *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check -f PATH...",
		Args:  cobra.ArbitraryArgs,
		Short: "Judge manifests as the webhooks would",
		Long: `Take the manifests as one mesh, complete them as the mutating webhook would, and judge each object
against all the others.

Exits with 0 if nothing is denied, 1 if something is, 2 if the manifests could not be checked.`,
		RunE: func(cmd *cobra.Command, paths []string) error {
			if err := o.more(paths); err != nil {
				return err
			}
			return o.check(cmd)
		},
	}
	o.add(cmd)
	cmd.Flags().StringVarP(&o.output, "output", "o", "text", "text, json or sarif")
	return cmd
}

func (o *checkOptions) check(cmd *cobra.Command) error {
	if err := checkOutput(o.output, "text", "json", "sarif"); err != nil {
		return err
	}
	stop := progress(cmd.ErrOrStderr(), "checking")
	judge, m, findings, err := o.run(cmd.Context(), cmd.InOrStdin(), cmd.ErrOrStderr())
	stop()
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	switch o.output {
	case "json":
		err = check.WriteJSON(out, findings)
	case "sarif":
		err = check.WriteSARIF(out, findings, judge.Engine.Policies(), programVersion())
	default:
		err = check.WriteText(out, findings, len(m.Objects), terminal.For(out))
	}
	if err == nil && check.Denied(findings) {
		return exitCode(exitDenied)
	}
	return err
}

func (o *checkOptions) run(ctx context.Context, stdin io.Reader, stderr io.Writer) (*admission.Evaluator, *offline.Mesh, []check.Finding, error) {
	judge, err := o.judge(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	m, err := o.mesh(judge, stdin, stderr)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := m.Mutate(judge); err != nil {
		return nil, nil, nil, err
	}
	findings, err := check.Run(ctx, judge, m)
	return judge, m, findings, err
}

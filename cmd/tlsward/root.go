package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/internal/cli"
)

// Exit codes of every command.
const (
	exitOK          = 0 // nothing is denied, every case passed
	exitIssuesFound = 1 // something is denied, or a case failed
	exitFailed      = 2 // the command could not do its work
)

// run runs the program and returns its exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, cli.ErrIssuesFound):
		return exitIssuesFound
	default:
		for line := range strings.Lines(err.Error()) {
			_, _ = fmt.Fprintln(stderr, "tlsward:", strings.TrimSuffix(line, "\n"))
		}
		return exitFailed
	}
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:     "tlsward",
		Short:   "Admission control for egress TLS on Istio",
		Version: programVersion(),
		Example: `  tlsward check -f mesh/
  tlsward explain --context production api.partner.example`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	if strings.HasPrefix(filepath.Base(os.Args[0]), "kubectl-") {
		root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl tlsward"}
	}
	root.SetVersionTemplate("tlsward {{.Version}}\n")
	root.AddCommand(
		newServeCommand(),
		newCheckCommand(),
		newConfigCommand(),
		newDemoCommand(),
		newExplainCommand(),
		newFixCommand(),
		newPolicyCommand(),
		newReplayCommand(),
		newReportCommand(),
		newTestCommand(),
		newVerifyCommand(),
		newVersionCommand(),
		newProbeCommand(),
		newManCommand(),
	)
	return root
}

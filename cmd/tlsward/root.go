package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// Exit codes of every command.
const (
	exitOK     = 0 // nothing is denied, every case passed
	exitDenied = 1 // something is denied, or a case failed
	exitFailed = 2 // the command could not do its work
)

// exitCode is an error that ends the program with this code and prints nothing: the command has said all there is.
type exitCode int

// Error gives the code in words.
func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// run is the program without its process: it gives the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var code exitCode
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return int(code)
	default:
		_, _ = fmt.Fprintln(stderr, "tlsward:", err)
		return exitFailed
	}
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "tlsward",
		Short:         "Admission control for egress TLS on Istio",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.AddCommand(
		newServeCommand(),
		newCheckCommand(),
		newDemoCommand(),
		newExplainCommand(),
		newFixCommand(),
		newPolicyCommand(),
		newReplayCommand(),
		newTestCommand(),
		newVersionCommand(),
		newProbeCommand(),
	)
	return root
}

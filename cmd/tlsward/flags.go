package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
)

// addSource adds the flags of all commands that read manifests and judge them.
func addSource(cmd *cobra.Command, s *offline.Source) {
	addFilename(cmd, &s.Paths)
	addPolicies(cmd, s)
	cmd.Flags().StringVarP(&s.Namespace, "namespace", "n", "default", "namespace of objects that name none")
}

func addFilename(cmd *cobra.Command, paths *[]string) {
	cmd.Flags().StringArrayVarP(paths, "filename", "f", nil, "`PATH` of manifests: a file, a directory, or - for standard input (may be repeated)")
}

// addPolicies adds the flags that name a configuration and policies.
func addPolicies(cmd *cobra.Command, s *offline.Source) {
	addConfig(cmd, &s.Config)
	cmd.Flags().StringSliceVar(&s.Policies, "policies", nil, "directory of further policies in Rego (may be repeated)")
}

func addConfig(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVar(path, "config", "", "configuration file (default: built-in defaults)")
}

// addPaths adds arguments to the paths of -f: a shell expands `-f *.yaml` into one flag and many arguments.
func addPaths(s *offline.Source, args []string) error {
	s.Paths = append(s.Paths, args...)
	if len(s.Paths) == 0 {
		return errors.New("name the manifests: -f PATH (a file, a directory, or - for standard input)")
	}
	return nil
}

// streams returns the streams of a command.
func streams(cmd *cobra.Command) cli.Streams {
	return cli.Streams{In: cmd.InOrStdin(), Out: cmd.OutOrStdout(), Err: cmd.ErrOrStderr()}
}

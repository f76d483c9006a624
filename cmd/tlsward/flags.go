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
	addRendered(cmd, s)
	addVerbose(cmd, &s.Verbose)
	addPolicies(cmd, s)
	addCluster(cmd, s)
}

// addRendered adds the flags that name what is rendered to manifests.
func addRendered(cmd *cobra.Command, s *offline.Source) {
	f := cmd.Flags()
	f.StringArrayVarP(&s.Kustomizations, "kustomize", "k", nil, "`DIR` of a kustomization, which is rendered as kubectl does (may be repeated)")
	f.StringVar(&s.Chart, "helm", "", "`CHART`, a directory or an archive, which is rendered as helm template does")
	f.StringArrayVar(&s.Values, "values", nil, "`file` of values for the chart (may be repeated)")
}

// addCluster adds the flags that name a cluster and a namespace, which are kubectl's.
func addCluster(cmd *cobra.Command, s *offline.Source) {
	s.ConfigFlags().AddFlags(cmd.Flags())
	for name, usage := range map[string]string{
		"kubeconfig": "lay the manifests over the cluster of this kubeconfig `file` (default without -f: $KUBECONFIG)",
		"context":    "lay the manifests over the cluster of this `context` of the kubeconfig file",
		"namespace":  "namespace of objects that name none (default: that of the cluster's context, else default)",
	} {
		cmd.Flags().Lookup(name).Usage = usage
	}
}

func addFilename(cmd *cobra.Command, paths *[]string) {
	cmd.Flags().StringArrayVarP(paths, "filename", "f", nil, "`PATH` of manifests: a file, a directory, or - for standard input (may be repeated)")
}

func addVerbose(cmd *cobra.Command, verbose *bool) {
	cmd.Flags().BoolVarP(verbose, "verbose", "v", false, "name what in directories is passed by since it is no Kubernetes object")
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
func addPaths(s *offline.Source, args []string) { s.Paths = append(s.Paths, args...) }

// needPaths is addPaths for commands that write what they read.
func needPaths(s *offline.Source, args []string) error {
	if addPaths(s, args); !s.HasFiles() {
		return errors.New("name the manifests: -f PATH (a file, a directory, or - for standard input), -k DIR, or --helm CHART")
	}
	return nil
}

// streams returns the streams of a command.
func streams(cmd *cobra.Command) cli.Streams {
	return cli.Streams{In: cmd.InOrStdin(), Out: cmd.OutOrStdout(), Err: cmd.ErrOrStderr()}
}

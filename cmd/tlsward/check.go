package main

import (
	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/internal/cli/check"
)

func newCheckCommand() *cobra.Command {
	o := check.Options{Version: programVersion()}
	cmd := &cobra.Command{
		Use:   "check [-f PATH...] [--against DIR|REVISION] [--kubeconfig FILE] [--context NAME]",
		Args:  cobra.ArbitraryArgs,
		Short: "Judge manifests as the webhooks would",
		Long: `Take the manifests as one mesh, complete them as the mutating webhook would, and judge each object
against all the others.

With --kubeconfig or --context they are laid over the mesh of that cluster, as kubectl apply does: what it has already is
judged as an UPDATE. Without manifests all objects of the cluster are judged as they stand. The cluster is only read.

With --against only what changed since an earlier state of the manifests is judged, by what it does: a new object as a CREATE,
a changed one as an UPDATE, one that is gone as a DELETE. The earlier state is a directory, or a revision of the git
repository that the manifests are in.

Directories are those of real repositories: what is no Kubernetes object is passed by and counted, so are Helm's templates and
the patches of a kustomization. An object that cannot be read is an error; the others are judged all the same.

Exits with 0 if nothing is denied, 1 if something is, 2 if any of the manifests could not be checked.`,
		Example: `  tlsward check -f mesh/
  tlsward check -f mesh/ --context production
  tlsward check -f mesh/ --against origin/main
  tlsward check --kubeconfig ~/.kube/config -o sarif`,
		RunE: func(cmd *cobra.Command, args []string) error {
			addPaths(&o.Source, args)
			return check.Run(cmd.Context(), o, streams(cmd))
		},
	}
	addSource(cmd, &o.Source)
	cmd.Flags().StringVar(&o.Against, "against", "", "judge what changed since this `state`: a directory, or a git revision of the manifests")
	cmd.Flags().StringVarP(&o.Output, "output", "o", "text", "text, json or sarif")
	return cmd
}

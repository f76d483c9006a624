package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/internal/cli/check"
)

func newCheckCommand() *cobra.Command {
	o := check.Options{Version: programVersion(), Annotate: os.Getenv("GITHUB_ACTIONS") == "true"}
	cmd := &cobra.Command{
		Use:   "check [-f PATH...] [--against DIR|REVISION] [--kubeconfig FILE] [--context NAME]",
		Args:  cobra.ArbitraryArgs,
		Short: "Judge manifests as the webhooks would",
		Long: `Take the manifests as one mesh, complete them as the mutating webhook would, and judge each object
against all the others.

With --kubeconfig or --context they are laid over the mesh of that cluster, as kubectl apply does: what it has already is
judged as an UPDATE. Without manifests all objects of the cluster are judged as they stand. The cluster is only read.

With --baseline what an earlier run found is known: it is left out, and does not fail the command. Where GITHUB_ACTIONS is true
the text has annotations for GitHub.

With --against only what changed since an earlier state of the manifests is judged, by what it does: a new object as a CREATE,
a changed one as an UPDATE, one that is gone as a DELETE. The earlier state is a directory, or a revision of the git
repository that the manifests are in.

Directories are those of real repositories: what is no Kubernetes object is passed by and counted, so are Helm's templates and
the patches of a kustomization. An object that cannot be read is an error; the others are judged all the same.

With -k a kustomization is rendered, with --helm a chart, and what they make is judged. Lines are those of the files that it is made
of, as far as they can be told.

Exits with 0 if nothing is denied, 1 if something is, 2 if any of the manifests could not be checked.`,
		Example: `  tlsward check -f mesh/
  tlsward check -f mesh/ --context production
  tlsward check -f mesh/ --against origin/main
  tlsward check -k overlays/production
  tlsward check --helm charts/shop --values production.yaml -n shop
  tlsward check --kubeconfig ~/.kube/config -o sarif
  tlsward check -f mesh/ -o json-report > known.json
  tlsward check -f mesh/ --baseline known.json --fail-on warn`,
		RunE: func(cmd *cobra.Command, args []string) error {
			addPaths(&o.Source, args)
			return check.Run(cmd.Context(), o, streams(cmd))
		},
	}
	addSource(cmd, &o.Source)
	cmd.Flags().StringVar(&o.Against, "against", "", "judge what changed since this `state`: a directory, or a git revision of the manifests")
	f := cmd.Flags()
	f.StringVarP(&o.Output, "output", "o", "text", "one of "+strings.Join(check.Outputs(), ", "))
	f.StringVar(&o.FailOn, "fail-on", "deny", "exit with 1 on denials alone (`deny`), or on warnings too (warn)")
	f.StringSliceVar(&o.Only, "policy", nil, "look at the findings of this policy `ID` alone (may be repeated)")
	f.StringVar(&o.Baseline, "baseline", "", "`file` that an earlier run wrote with -o json-report: what it has is known, and left out")
	completeFlag(cmd, "output", check.Outputs()...)
	completeFlag(cmd, "fail-on", "deny", "warn")
	completePolicies(cmd, "policy", &o.Source)
	return cmd
}

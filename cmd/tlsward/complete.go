package main

import (
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/mesh"
)

// completeFlag has the shell complete a flag by values; that a command lacks the flag is a fault of the program, and no
// reason to refuse what was asked of it.
func completeFlag(cmd *cobra.Command, flag string, values ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// completeNamespace has the shell complete a flag by the namespaces of the mesh that s names.
func completeNamespace(cmd *cobra.Command, flag string, s *offline.Source) {
	_ = cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return completions(cmd, s, (*mesh.Snapshot).Namespaces)
	})
}

// completePolicies has the shell complete a flag by the ids of the policies that s names.
func completePolicies(cmd *cobra.Command, flag string, s *offline.Source) {
	_ = cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		evaluator, err := s.Evaluator(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var ids []string
		for _, p := range evaluator.Engine.Policies() {
			ids = append(ids, p.ID+"\t"+p.Title)
		}
		return ids, cobra.ShellCompDirectiveNoFileComp
	})
}

// completeHosts completes arguments by the hosts that the ServiceEntries of the mesh declare.
func completeHosts(s *offline.Source) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return completions(cmd, s, declaredHosts)
	}
}

func completions(cmd *cobra.Command, s *offline.Source, of func(*mesh.Snapshot) []string) ([]string, cobra.ShellCompDirective) {
	evaluator, err := s.Mutator()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	m, err := s.Read(cmd.Context(), evaluator, cli.Streams{In: cmd.InOrStdin(), Err: io.Discard})
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return of(m.Snapshot), cobra.ShellCompDirectiveNoFileComp
}

// declaredHosts returns the hosts of all ServiceEntries, in order.
func declaredHosts(s *mesh.Snapshot) []string {
	var hosts []string
	for o := range s.Objects() {
		if o.Ref.Kind == mesh.KindServiceEntry {
			hosts = append(hosts, s.HostsOf(o)...)
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestCompletion(t *testing.T) {
	for command, want := range map[string]string{
		"check --fail-on ":                        "deny\nwarn\n",
		"check -o ":                               "json-report\n",
		"check --policy ":                         "plaintext-egress\t",
		"config check -o ":                        "json\n",
		"explain -f testdata/mesh ":               "edition.cnn.com\n",
		"explain -f testdata/denied.yaml --from ": "team-a\n",
	} {
		args := append([]string{cobra.ShellCompRequestCmd}, strings.Split(command, " ")...)
		if got := tlsward(t, "", args...); got.code != exitOK || !strings.Contains(got.stdout, want) {
			t.Errorf("%s: no %q in %+v", command, want, got)
		}
	}
}

// Every command that people run shows how.
func TestEveryHelpHasAnExample(t *testing.T) {
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Example == "" && !cmd.Hidden {
			t.Errorf("%s has none", cmd.CommandPath())
		}
		for _, c := range cmd.Commands() {
			walk(c)
		}
	}
	walk(newRootCommand())
}

func TestVersionFlag(t *testing.T) {
	if got := tlsward(t, "", "--version"); got.code != exitOK || got.stdout != "tlsward "+programVersion()+"\n" {
		t.Errorf("got %+v", got)
	}
}

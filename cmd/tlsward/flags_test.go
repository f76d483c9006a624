package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFlagsReachTheirCommand: each flag changes what the command prints, as the test says. What it then does is tested
// beside the command.
func TestFlagsReachTheirCommand(t *testing.T) {
	t.Setenv("KUBECONFIG", "testdata/none.kubeconfig") // no cluster of whoever runs the tests
	const (
		mesh    = "../../internal/cli/replay/testdata/mesh.yaml"
		policy  = "../../internal/cli/replay/testdata/policy"
		lenient = "../../internal/cli/replay/testdata/lenient.config.yaml"
		hosts   = "../../internal/cli/explain/testdata/mesh.yaml"
		raw     = "../../internal/cli/explain/testdata/unmutated.yaml"
		suites  = "../../internal/cli/test/testdata/suites/passes.yaml"
		bundle  = "../../internal/cli/test/testdata/bundle"
		owned   = "../../internal/cli/test/testdata/owned.yaml"
	)
	tests := []struct {
		command string
		code    int
		want    string
	}{
		{"check -f " + mesh, exitIssuesFound, ": deny plaintext-egress "},
		{"check -f " + mesh + " --config " + lenient, exitOK, ": warn plaintext-egress "},
		{"check -f " + mesh + " --policies " + policy, exitIssuesFound, ": deny owned "},
		{"check -f testdata/mesh/entry.yaml --policies " + policy + " -n mine", exitIssuesFound, "ServiceEntry mine/edition-cnn-com"},
		{"check -f testdata/mesh -o json", exitOK, "[]\n"},
		{"check -f testdata/mesh -o sarif", exitOK, `"version": "` + programVersion() + `"`},

		{"explain -f " + hosts + " -n shop private.example.com", exitOK, "sidecar shop -> private.example.com:443: application-tls"},
		{"explain -f " + hosts + " --from shop private.example.com", exitOK, "sidecar shop -> "},
		{"explain -f " + hosts + " -n shop --labels app=web selected.example.com", exitOK, "sidecar shop app=web -> "},
		{"explain -f " + hosts + " --all selected.example.com", exitOK, "sidecar any other namespace -> "},
		{"explain -f " + raw + " -n shop pay.example.com", exitOK, "plaintext: "},
		{"explain -f " + raw + " -n shop --mutated pay.example.com", exitOK, "originated: "},
		{"explain -f " + raw + " -o json pay.example.com", exitOK, `"host": "pay.example.com"`},
		{"explain -f " + raw + " " + hosts + " -n shop double-tls.example.com", exitOK, "double-tls: "},

		{"check -f " + mesh + " --policy double-tls", exitOK, "0 denials, 0 warnings\n"},
		{"check -f " + mesh + " --fail-on never", exitFailed, ""},
		{"check -f " + mesh + " --config " + lenient + " --fail-on warn", exitIssuesFound, ": warn plaintext-egress "},
		{"check -f " + mesh + " --baseline none", exitFailed, ""},
		{"explain -f " + raw + " -n shop --exit-code pay.example.com", exitIssuesFound, "plaintext: "},
		{"explain -f " + raw + " -n shop --exit-code --mutated pay.example.com", exitOK, "originated: "},
		{"check --kubeconfig none", exitFailed, ""},
		{"check -f testdata/mesh --context none", exitFailed, ""},
		{"explain --kubeconfig none a.example", exitFailed, ""},
		{"fix -f testdata/mesh --context none", exitFailed, ""},

		{"fix -f testdata/mesh", exitOK, "    targetPort: 443\n"},
		{"fix testdata/mesh --diff", exitOK, "+    targetPort: 443\n"},

		{"replay -f " + mesh + " --policies " + policy, exitIssuesFound, "newly denied: "},
		{"replay " + mesh + " --policies " + policy + " --baseline " + policy, exitOK, "total      0             0 "},
		{"replay -f " + mesh + " --new-config " + lenient, exitOK, "no longer denied: "},
		{"replay -f " + mesh + " --new-config " + lenient + " --config " + lenient, exitOK, "total      0             0 "},
		{"replay -f " + mesh + " --new-config " + lenient + " -o json", exitOK, `"noLongerDenied": [`},
		{"replay -f testdata/mesh/entry.yaml --policies " + policy + " -n mine", exitIssuesFound, "newly denied: ServiceEntry mine/"},
		{"replay --kubeconfig none --policies " + policy, exitFailed, ""},

		{"test " + suites, exitOK, "2 passed, 0 failed\n"},
		{"test " + suites + " -v", exitOK, "ok  "},
		{"test " + suites + " --run strict", exitOK, "1 passed, 0 failed\n"},
		{"test " + suites + " -o json", exitOK, `"passed": 2`},
		{"test " + bundle + " --coverage", exitOK, "coverage: 100.0%\n"},
		{"test " + owned + " --policies " + policy, exitOK, "1 passed, 0 failed\n"},

		{"config check " + lenient, exitOK, lenient + ": ok\n"},
		{"config check -o json " + lenient, exitOK, `"problems": []`},
		{"config check --policies none " + lenient, exitFailed, ""},

		{"policy docs", exitOK, "plaintext-egress"},
		{"policy docs --policies " + policy, exitOK, "owned"},
		{"policy docs --config none", exitFailed, ""},
		{"policy bench --each 1ns " + policy, exitOK, "owned"},
		{"policy bench --each 1ns -o json " + policy, exitOK, `"policy": "owned"`},
		{"policy bench --config none " + policy, exitFailed, ""},

		{"probe --kubeconfig none", exitFailed, ""},
	}
	for _, test := range tests {
		t.Run(test.command, func(t *testing.T) {
			got := tlsward(t, "", strings.Fields(test.command)...)
			if got.code != test.code || !strings.Contains(got.stdout, test.want) {
				t.Errorf("exit code %d, want %d; no %q in\n%s%s", got.code, test.code, test.want, got.stdout, got.stderr)
			}
		})
	}
}

func TestFixWritesInPlace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "entry.yaml")
	if err := os.WriteFile(file, []byte(read(t, "testdata/mesh/entry.yaml")), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := tlsward(t, "", "fix", "-f", file, "--in-place"); got.code != exitOK || got.stderr != "tlsward: changed 1 of 1 files\n" {
		t.Errorf("got %+v", got)
	}
	if !strings.Contains(read(t, file), "    targetPort: 443\n") {
		t.Error("the file is as it was")
	}
}

func TestPolicyNewWritesIntoADirectory(t *testing.T) {
	dir := t.TempDir()
	if got := tlsward(t, "", "policy", "new", "mine", "--dir", dir); got.code != exitOK || !strings.Contains(got.stdout, filepath.Join(dir, "mine", "policy.rego")) {
		t.Errorf("got %+v", got)
	}
}

// TestTestWatchesUntilItIsInterrupted: a run that cannot be done does not end it.
func TestTestWatchesUntilItIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr strings.Builder
	if code := run(ctx, []string{"test", "--watch", "none"}, strings.NewReader(""), &stdout, &stderr); code != exitOK || stdout.Len() == 0 {
		t.Errorf("exit code %d, %q", code, stdout.String())
	}
}

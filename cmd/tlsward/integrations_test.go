package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// programEnv makes the test binary the program: see TestMain.
const programEnv = "TLSWARD_TEST_IS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(programEnv) != "" {
		main()
	}
	os.Exit(m.Run())
}

// TestActionChecksARepository runs the last step of action.yml as a runner of GitHub does.
func TestActionChecksARepository(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	var action struct {
		Inputs map[string]struct{ Default string }
		Runs   struct {
			Steps []struct {
				Run string
				Env map[string]string
			}
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, "../../action.yml")), &action); err != nil {
		t.Fatal(err)
	}
	step := action.Runs.Steps[len(action.Runs.Steps)-1]
	bin := t.TempDir()
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, filepath.Join(bin, "tlsward"))
	}
	if err != nil {
		t.Fatal(err)
	}
	known := filepath.Join(t.TempDir(), "known.json")
	files := map[string]string{"a b/denied.yaml": read(t, "testdata/denied.yaml"), "plaintext.values.yaml": read(t, "testdata/plaintext.values.yaml")}
	for _, below := range []string{"kustomize", "chart"} {
		found, err := filepath.Glob("testdata/" + below + "/*/*")
		more, _ := filepath.Glob("testdata/" + below + "/*.yaml")
		if found = append(found, more...); err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", below, found, err)
		}
		for _, file := range found {
			files[strings.Replace(strings.TrimPrefix(file, "testdata/"), "chart/", "bank/", 1)] = read(t, file)
		}
	}
	dir := repository(t, files)
	report := tlsward(t, "", "check", "-f", filepath.Join(dir, "a b"), "-o", "json-report")
	writeFile(t, known, report.stdout)
	tests := []struct {
		name   string
		inputs map[string]string
		code   int
		want   string
	}{
		{"the whole repository", nil, exitIssuesFound, "::error file=a b/denied.yaml,line=17,title=tlsward plaintext-egress "},
		{"a part of it", map[string]string{"paths": "mesh\nchart\n"}, exitOK, "2 objects checked: 0 denials"},
		{"a directory with a space in its name", map[string]string{"paths": "a b"}, exitIssuesFound, "::error "},
		{"a kustomization", map[string]string{"paths": "", "kustomize": "kustomize/overlay\n"}, exitIssuesFound, "::error file=kustomize/base/mesh.yaml,line=1,title=tlsward plaintext-egress "},
		{"a chart", map[string]string{"paths": "", "helm": "bank"}, exitOK, "2 objects checked: 0 denials"},
		{"a chart with values, beside files", map[string]string{"paths": "mesh", "helm": "bank", "values": "plaintext.values.yaml\n"}, exitIssuesFound,
			"::error file=bank/templates/mesh.yaml,line=1,title=tlsward plaintext-egress "},
		{"with a baseline", map[string]string{"paths": "a b", "baseline": known}, exitOK, " known by the baseline)"},
		{"a revision of no repository", map[string]string{"against": "v0"}, exitFailed, ""},
		{"a value that no flag has", map[string]string{"fail-on": "$(echo deny)"}, exitFailed, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), bash, "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), programEnv+"=1", "GITHUB_ACTIONS=true", "PATH="+bin+":"+os.Getenv("PATH"))
			for variable, expression := range step.Env {
				name := strings.TrimSuffix(strings.TrimPrefix(expression, "${{ inputs."), " }}")
				value, given := test.inputs[name]
				if !given {
					value = action.Inputs[name].Default
				}
				cmd.Env = append(cmd.Env, variable+"="+value)
			}
			out, err := cmd.Output()
			var exit *exec.ExitError
			if code := cmd.ProcessState.ExitCode(); code != test.code || err != nil && !errors.As(err, &exit) || !strings.Contains(string(out), test.want) {
				t.Errorf("exit code %d, want %d; no %q in\n%s\n%v", code, test.code, test.want, out, err)
			}
		})
	}
}

// TestPreCommitHook runs what the hook runs.
func TestPreCommitHook(t *testing.T) {
	var hooks []struct {
		Entry string
		Args  []string
	}
	if err := yaml.Unmarshal([]byte(read(t, "../../.pre-commit-hooks.yaml")), &hooks); err != nil || len(hooks) != 1 {
		t.Fatalf("%v, %d hooks", err, len(hooks))
	}
	dir := repository(t, nil)
	t.Chdir(dir)
	args := slices.Concat(strings.Fields(hooks[0].Entry)[1:], hooks[0].Args)
	if got := tlsward(t, "", args...); got.code != exitOK || !strings.Contains(got.stdout, "3 objects checked: ") {
		t.Errorf("got %+v", got)
	}
}

// A plugin of kubectl is called by its file's name, and called so by whoever reads its help.
func TestKubectlPlugin(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	plugin := filepath.Join(t.TempDir(), "kubectl-tlsward")
	if err := os.Symlink(self, plugin); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), plugin, "check", "--help")
	cmd.Env = append(os.Environ(), programEnv+"=1")
	if out, err := cmd.Output(); err != nil || !strings.Contains(string(out), "kubectl tlsward check [-f PATH...]") {
		t.Errorf("%v\n%s", err, out)
	}
}

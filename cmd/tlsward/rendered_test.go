package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// What is rendered is judged with the lines of its source, and no command writes it.
func TestCommandsRenderKustomizations(t *testing.T) {
	t.Setenv("KUBECONFIG", "testdata/none.kubeconfig")
	const overlay, mesh = "testdata/kustomize/overlay", "testdata/kustomize/base/mesh.yaml"
	source := read(t, mesh)
	for command, want := range map[string]struct {
		code           int
		stdout, stderr string
	}{
		"check -k testdata/kustomize/base":          {exitOK, "2 objects checked: 0 denials, 0 warnings\n", ""},
		"check -k " + overlay:                       {exitIssuesFound, mesh + ":1: deny plaintext-egress ServiceEntry shop/bank: ", ""},
		"check -o sarif -k " + overlay:              {exitIssuesFound, `"uri": "` + mesh + `"`, ""},
		"check --against HEAD -k " + overlay:        {exitFailed, "", "--against: "},
		"check -k testdata/none":                    {exitFailed, "", "kustomize testdata/none: "},
		"fix -k " + overlay:                         {exitOK, "", mesh + ":1: ServiceEntry shop/bank is rendered by kustomize; to be filled in there: add /spec/ports/0/targetPort: 443\n"},
		"fix --in-place -k " + overlay:              {exitOK, "", "tlsward: changed 0 of 0 files\n"},
		"fix --denials -k " + overlay:               {exitIssuesFound, "", "Left to you: DestinationRule shop/bank is rendered by kustomize from " + mesh + ":9: change it there or in the patch that counts (testdata/kustomize/overlay/kustomization.yaml)\n"},
		"report -k " + overlay:                      {exitOK, "plaintext  api.bank.example:80", ""},
		"explain api.bank.example:80 -k " + overlay: {exitOK, "(" + mesh + ":15)", ""},
	} {
		got := tlsward(t, "", strings.Fields(command)...)
		if got.code != want.code || !strings.Contains(got.stdout, want.stdout) || !strings.Contains(got.stderr, want.stderr) {
			t.Errorf("%s: got %+v", command, got)
		}
	}
	if read(t, mesh) != source {
		t.Error("the source was written")
	}
}

// A chart is rendered with its values, and the lines are those of its templates.
func TestCommandsRenderCharts(t *testing.T) {
	t.Setenv("KUBECONFIG", "testdata/none.kubeconfig")
	const plaintext, mesh = "--helm testdata/chart --values testdata/plaintext.values.yaml", "testdata/chart/templates/mesh.yaml"
	for command, want := range map[string]struct {
		code           int
		stdout, stderr string
	}{
		"check --helm testdata/chart":                                {exitOK, "2 objects checked: 0 denials, 0 warnings\n", ""},
		"check -n shop " + plaintext:                                 {exitIssuesFound, mesh + ":1: deny plaintext-egress ServiceEntry shop/bank: ", ""},
		"fix " + plaintext:                                           {exitOK, "", mesh + ":1: ServiceEntry default/bank is rendered by Helm; to be filled in there: "},
		"fix --denials " + plaintext:                                 {exitIssuesFound, "", "is rendered by Helm from " + mesh + ":9: change it there\n"},
		"report " + plaintext:                                        {exitOK, "plaintext  api.bank.example:80", ""},
		"replay --new-config testdata/warn.config.yaml " + plaintext: {exitOK, "DestinationRule default/bank (" + mesh + ":9): plaintext-egress\n", ""},
		"check --values testdata/plaintext.values.yaml -k testdata/kustomize/base": {exitFailed, "", "--values: name the chart"},
	} {
		got := tlsward(t, "", strings.Fields(command)...)
		if got.code != want.code || !strings.Contains(got.stdout, want.stdout) || !strings.Contains(got.stderr, want.stderr) {
			t.Errorf("%s: got %+v", command, got)
		}
	}
}

// The cases of a Suite are laid over what is rendered: a rule for a host that is declared there.
func TestSuitesOverWhatIsRendered(t *testing.T) {
	suite := filepath.Join(t.TempDir(), "suite.yaml")
	writeFile(t, suite, `apiVersion: tlsward.io/v1alpha1
kind: Suite
metadata: {name: over}
cases:
- name: the bank's rule is switched off
  review:
    operation: UPDATE
    object: {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: bank, namespace: default}, spec: {host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}}
    oldObject: {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: bank, namespace: default}, spec: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}}
  expect: {decision: deny, deny: [plaintext-egress]}
`)
	if got := tlsward(t, "", "test", suite, "-k", "testdata/kustomize/base"); got.code != exitOK || got.stdout != "1 passed, 0 failed\n" {
		t.Errorf("got %+v", got)
	}
	if got := tlsward(t, "", "test", suite, "--helm", "testdata/chart"); got.code != exitOK || got.stdout != "1 passed, 0 failed\n" {
		t.Errorf("over a chart: got %+v", got)
	}
	if got := tlsward(t, "", "test", suite); got.code != exitIssuesFound {
		t.Errorf("without it: got %+v", got)
	}
}

//go:build chart

package chart

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

// commented finds the examples of values.yaml: the lines below a value that is empty, commented out.
var commented = regexp.MustCompile(`(?m)^(\w+): \{\}\n((?:  # .*\n)+)`)

// TestCommentedExamplesAreAccepted takes each example of values.yaml out of its comment.
func TestCommentedExamplesAreAccepted(t *testing.T) {
	h := newHelm(t)
	raw, err := os.ReadFile(filepath.Join(h.Chart, "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, value := range commented.FindAllStringSubmatch(string(raw), -1) {
		examples := strings.ReplaceAll(value[2], "  # ", "  ")
		for line := range strings.Lines(examples) {
			accepted(t, value[1]+":\n"+line)
			tried++
		}
		accepted(t, value[1]+":\n"+examples)
	}
	if tried < 4 {
		t.Errorf("%d examples were tried", tried)
	}
}

// TestConfigIsThatOfTheProgram: what the documents tell one to set reaches the program.
func TestConfigIsThatOfTheProgram(t *testing.T) {
	for _, values := range []string{
		"config: {evaluation: {timeout: 300ms, memoryMiB: 64, allow: [time.now_ns], onError: warn}}",
		"config: {mesh: {istioVersion: '1.30', revision: canary, ingressGateways: [{namespace: edge, labels: {app: gateway}}]}}",
		"config: {policies: {plaintext-egress: {action: off}}}",
		"config: {mutation: {upgrades: [], origination: [{hosts: ['*'], tls: {mode: SIMPLE}}]}}",
		"config: {params: {missing-principals: {acceptNamespaces: true}}}",
		"{policies: {mine.rego: package tlsward.mine}, config: {policies: {mine: {action: warn}}, params: {mine: {x: 1}}}}",
		"{policySelector: a=b, config: {policies: {mine: {action: warn}}, params: {mine: {x: 1}}}}",
	} {
		accepted(t, values)
	}
}

func TestConfigOfNoPolicyIsRefused(t *testing.T) {
	h := newHelm(t)
	for values, names := range map[string]string{
		"config: {policies: {double-tsl: {action: deny}}}":                                          "double-tsl",
		"config: {exemptions: [{policy: plaintext, reason: x, expires: 2027-01-01}]}":               "/config/exemptions/0/policy",
		"config: {params: {missing-principal: {acceptNamespaces: true}}}":                           "missing-principal",
		"config: {params: {missing-principals: {acceptNamespace: true}}}":                           "acceptNamespace",
		"config: {mesh: {istioVersion: '1.12'}}":                                                    "/config/mesh/istioVersion",
		"{policies: {mine.rego: package tlsward.mine}, config: {policies: {Mine: {action: deny}}}}": "Mine",
	} {
		if out, err := template(t, h, values); err == nil {
			t.Errorf("%s: accepted:\n%.300s", values, out)
		} else if !strings.Contains(err.Error(), names) {
			t.Errorf("%s: the refusal does not name %s: %v", values, names, err)
		}
	}
}

// accepted renders the chart with values, and has the program read the Config that comes of them.
func accepted(t *testing.T, values string) {
	t.Helper()
	out, err := template(t, newHelm(t), values)
	if err != nil {
		t.Errorf("%s: %v", values, err)
		return
	}
	for _, o := range decode(t, out) {
		if o.GetKind() != "ConfigMap" || o.GetName() != "tlsward" {
			continue
		}
		text := o.Object["data"].(map[string]any)["config.yaml"].(string)
		if _, err := v1alpha1.ParseConfig([]byte(text)); err != nil {
			t.Errorf("%s: the program refuses\n%s\n%v", values, text, err)
		}
		return
	}
	t.Errorf("%s: there is no configuration", values)
}

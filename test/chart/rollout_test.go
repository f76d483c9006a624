//go:build chart

package chart

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"
)

// TestRollout goes the way of docs/rollout.md into a mesh that is running, by the values that each step of it gives.
func TestRollout(t *testing.T) {
	p := startPlane(t)
	p.installCRDs(t)
	r := newRelease(t, p)
	steps := readRollout(t)
	c := person{t: t, release: r, said: &warnings{}}
	c.connect()
	c.namespaces("shop", "legacy")
	// Before anything is installed a rule that turns TLS off is stored.
	c.create("ServiceEntry", "shop", "bank", entrySpec("api.bank.example"))
	c.create("DestinationRule", "shop", "bank", `{host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}`)

	for _, step := range []struct {
		name string
		run  func()
	}{
		{"1: look, with nothing installed", func() {
			if out, _ := c.tlsward("report"); !strings.Contains(out, "1 of 1 external ports have something to mend") {
				t.Errorf("the report:\n%s", out)
			}
			if out, code := c.tlsward("check"); code != 1 || !strings.Contains(out, "plaintext-egress") {
				t.Errorf("check exits with %d:\n%s", code, out)
			}
		}},
		{"2: nothing in force", func() {
			r.install(steps.sets(2)...)
			r.t = t // the server stays for the steps after this one
			r.serve()
			r.closed()
			c.expect("legacy", "second", "admitted", "")
			if got := c.targetPort("legacy", "second"); got != 0 {
				t.Errorf("an entry is changed: targetPort %d", got)
			}
		}},
		{"3: complete what is missing", func() {
			c.upgrade(steps.sets(2, 3))
			r.await("entries being moved", func() string {
				return c.moves("third")
			})
			c.expect("legacy", "third-too", "admitted", "")
		}},
		{"4: warn", func() {
			c.upgrade(steps.sets(2, 3, 4))
			r.await("warnings", func() string {
				if !strings.Contains(c.tryPolicy("legacy"), "missing-principals") {
					return "nobody is warned"
				}
				return ""
			})
			c.expect("shop", "fourth", "admitted", "missing-principals")
		}},
		{"5: one policy only warns, in one namespace", func() {
			r.fixed = append(r.fixed, "--set-json", "config="+steps.config(5))
			c.upgrade(steps.sets(2, 3, 4))
			c.expect("legacy", "fifth", "admitted", "missing-principals")
		}},
		{"6: deny", func() {
			c.upgrade(append(steps.sets(2, 3, 4), "config.enforcement=deny"))
			r.await("refusals", func() string {
				if !strings.Contains(c.tryPolicy("shop"), "denied the request") {
					return "nothing is refused"
				}
				return ""
			})
			c.expect("legacy", "sixth", "admitted", "missing-principals") // as step 5 has it
		}},
	} {
		ok := t.Run(step.name, func(t *testing.T) {
			r.t, c.t = t, t
			step.run()
		})
		if r.t, c.t = t, t; !ok {
			break
		}
	}
}

// rollout has the text of each step of docs/rollout.md, from 1.
type rollout map[int]string

func readRollout(t *testing.T) rollout {
	t.Helper()
	text, err := os.ReadFile("../../docs/rollout.md")
	if err != nil {
		t.Fatal(err)
	}
	steps := rollout{}
	whole, _, _ := strings.Cut(string(text), "\n## ")
	parts := regexp.MustCompile(`(?m)^\d\. `).Split(whole, -1)
	for i, part := range parts[1:] {
		steps[i+1] = part
	}
	if len(steps) != 6 {
		t.Fatalf("docs/rollout.md has %d steps: this test knows 6", len(steps))
	}
	return steps
}

// sets returns the values that steps set, in order.
func (s rollout) sets(steps ...int) (values []string) {
	for _, n := range steps {
		for _, found := range regexp.MustCompile("--set ([a-z][^ \n`]+)").FindAllStringSubmatch(s[n], -1) {
			values = append(values, found[1])
		}
	}
	return values
}

// config returns the configuration that a step shows, in JSON.
func (s rollout) config(step int) string {
	shown := regexp.MustCompile(`(?m)^ +config: (\{.*\})$`).FindStringSubmatch(s[step])
	if shown == nil {
		return ""
	}
	raw, err := yaml.YAMLToJSON([]byte(shown[1]))
	if err != nil {
		return ""
	}
	return string(raw)
}

// person is somebody at kubectl, before whom a release is rolled out.
type person struct {
	t       *testing.T
	release *release
	objects dynamic.Interface
	said    *warnings
	tries   int
}

func (c *person) connect() {
	c.t.Helper()
	config := rest.CopyConfig(c.release.plane.config)
	config.WarningHandler = c.said
	var err error
	if c.objects, err = dynamic.NewForConfig(config); err != nil {
		c.t.Fatal(err)
	}
}

func (c *person) namespaces(names ...string) {
	c.t.Helper()
	for _, name := range names {
		o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name}}}
		if _, err := c.objects.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}).Create(c.t.Context(), o, metav1.CreateOptions{}); err != nil {
			c.t.Fatal(err)
		}
	}
}

func entrySpec(host string) string {
	return fmt.Sprintf(`{hosts: [%s], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}`, host)
}

// create writes an object, and returns what it was told: warnings, and the refusal.
func (c *person) create(kind, namespace, name, spec string) string {
	c.t.Helper()
	o := &unstructured.Unstructured{}
	text := fmt.Sprintf("{apiVersion: networking.istio.io/v1, kind: %s, metadata: {name: %s, namespace: %s}, spec: %s}", kind, name, namespace, spec)
	resource := schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: map[string]string{"ServiceEntry": "serviceentries", "DestinationRule": "destinationrules"}[kind]}
	if kind == "AuthorizationPolicy" {
		text, resource = strings.Replace(text, "networking.", "security.", 1), policies
	}
	if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
		c.t.Fatal(err)
	}
	c.said.mu.Lock()
	c.said.said = nil
	c.said.mu.Unlock()
	_, err := c.objects.Resource(resource).Namespace(namespace).Create(c.t.Context(), o, metav1.CreateOptions{})
	c.said.mu.Lock()
	defer c.said.mu.Unlock()
	told := strings.Join(c.said.said, "\n")
	if err != nil {
		told += "\n" + err.Error()
	}
	return told
}

// expect writes an entry and a policy without principals, of which the second is wrong, and holds what is told of that.
func (c *person) expect(namespace, name, answer, told string) {
	c.t.Helper()
	if got := c.create("ServiceEntry", namespace, name, entrySpec(name+".example")); strings.Contains(got, "denied") {
		c.t.Errorf("the entry %s: %s", name, got)
	}
	got := c.create("AuthorizationPolicy", namespace, name, fmt.Sprintf(`{selector: {matchLabels: {app: %s}}, rules: [{from: [{source: {ipBlocks: [192.0.2.0/24]}}]}]}`, name))
	if strings.Contains(got, "denied") == (answer == "admitted") || !strings.Contains(got, told) || told == "" && got != "" {
		c.t.Errorf("the policy %s: want it %s, told %q; got %q", name, answer, told, got)
	}
}

// tryPolicy writes a policy without principals of a new name, and returns what was told.
func (c *person) tryPolicy(namespace string) string {
	c.t.Helper()
	c.tries++
	name := fmt.Sprintf("try-%d", c.tries)
	return c.create("AuthorizationPolicy", namespace, name, fmt.Sprintf(`{selector: {matchLabels: {app: %s}}, rules: [{from: [{source: {ipBlocks: [192.0.2.0/24]}}]}]}`, name))
}

// moves writes an entry of a new name, and says what is missing where it is not moved to port 443.
func (c *person) moves(stem string) string {
	c.t.Helper()
	c.tries++
	name := fmt.Sprintf("%s-%d", stem, c.tries)
	if told := c.create("ServiceEntry", "shop", name, entrySpec(name+".example")); strings.Contains(told, "rror") || strings.Contains(told, "denied") {
		return told
	}
	if got := c.targetPort("shop", name); got != 443 {
		return fmt.Sprintf("%s has targetPort %d", name, got)
	}
	return ""
}

func (c *person) targetPort(namespace, name string) int64 {
	c.t.Helper()
	o, err := c.objects.Resource(schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: "serviceentries"}).Namespace(namespace).
		Get(c.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	ports, _, _ := unstructured.NestedSlice(o.Object, "spec", "ports")
	port, _ := ports[0].(map[string]any)
	target, _ := port["targetPort"].(int64)
	return target
}

// upgrade has a release with these values, and its servers read their configuration.
func (c *person) upgrade(values []string) {
	c.t.Helper()
	c.release.upgrade(values...)
	c.release.args() // the file is the mounted ConfigMap
}

// tlsward runs the program against the cluster, and returns what it prints and its exit code.
func (c *person) tlsward(command string) (string, int) {
	c.t.Helper()
	run := exec.CommandContext(c.t.Context(), c.release.binary, command, "--kubeconfig", c.release.plane.kubeconfig)
	out, err := run.Output()
	if run.ProcessState == nil {
		c.t.Fatal(err)
	}
	return string(out), run.ProcessState.ExitCode()
}

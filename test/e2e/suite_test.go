package e2e

import (
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// The operations of a step.
const (
	create = "CREATE"
	update = "UPDATE"
	remove = "DELETE"
)

// suiteFile is a Suite as far as these tests read it.
type suiteFile struct {
	Config map[string]any `json:"config"`
	Cases  []scenario     `json:"cases"`
}

// scenario is one case: what is stored, and the steps that follow.
type scenario struct {
	Name   string           `json:"name"`
	Given  []map[string]any `json:"given"`
	Steps  []step           `json:"steps"`
	Review *step            `json:"review"`
	Expect *expectation     `json:"expect"`
}

// step is one request and what must come of it.
type step struct {
	Operation string         `json:"operation"`
	Object    map[string]any `json:"object"`
	OldObject map[string]any `json:"oldObject"`
	Expect    expectation    `json:"expect"`
}

// expectation is what the API server must answer and store.
type expectation struct {
	Decision string         `json:"decision"`
	Deny     []string       `json:"deny"`
	Warn     []string       `json:"warn"`
	Spec     map[string]any `json:"spec"`
}

// subject is the object that the step is about.
func (s step) subject() *unstructured.Unstructured {
	object := s.Object
	if s.Operation == remove {
		object = s.OldObject
	}
	return (&unstructured.Unstructured{Object: object}).DeepCopy()
}

// loadSuite reads a Suite. A case written as one review becomes one step.
func loadSuite(t *testing.T, path string) suiteFile {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var s suiteFile
	if err := yaml.Unmarshal(raw, &s); err != nil {
		t.Fatal(fmt.Errorf("read %s: %w", path, err))
	}
	if len(s.Cases) == 0 {
		t.Fatalf("%s has no cases", path)
	}
	for i, c := range s.Cases {
		if c.Review != nil {
			c.Review.Expect = *c.Expect
			s.Cases[i].Steps = []step{*c.Review}
		}
		for j := range s.Cases[i].Steps {
			if s.Cases[i].Steps[j].Operation == "" {
				s.Cases[i].Steps[j].Operation = create
			}
		}
	}
	return s
}

// inVersion returns the scenario with every Istio object in this version, or in the nearest that its group serves.
func inVersion(c scenario, version string) scenario {
	c.Given = mapEach(c.Given, version)
	steps := make([]step, len(c.Steps))
	for i, s := range c.Steps {
		s.Object, s.OldObject = rewrite(s.Object, version), rewrite(s.OldObject, version)
		steps[i] = s
	}
	c.Steps = steps
	return c
}

func mapEach(objects []map[string]any, version string) []map[string]any {
	out := make([]map[string]any, len(objects))
	for i, o := range objects {
		out[i] = rewrite(o, version)
	}
	return out
}

func rewrite(object map[string]any, version string) map[string]any {
	if object == nil {
		return nil
	}
	out := maps.Clone(object)
	switch group, _, _ := strings.Cut(object["apiVersion"].(string), "/"); {
	case group == "networking.istio.io":
		out["apiVersion"] = group + "/" + version
	case group == "security.istio.io" && version == "v1":
		out["apiVersion"] = group + "/v1"
	case group == "security.istio.io":
		out["apiVersion"] = group + "/v1beta1"
	}
	return out
}

//go:build proxies

package proxies

import (
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

// publishedSuite holds the configurations of the source documents, as they have them.
var publishedSuite = filepath.Join("..", "suites", "published.yaml")

// step is one write of a case of a Suite, and what the webhooks are expected to say.
type step struct {
	manifest, decision string
	policies           []string
}

// publishedSteps returns the steps of a case of the source documents.
func publishedSteps(name string) ([]step, error) {
	text, err := os.ReadFile(publishedSuite)
	if err != nil {
		return nil, fmt.Errorf("read the source documents: %w", err)
	}
	var suite v1alpha1.Suite
	if err := yaml.UnmarshalStrict(text, &suite); err != nil {
		return nil, fmt.Errorf("read %s: %w", publishedSuite, err)
	}
	for _, c := range suite.Cases {
		if c.Name != name {
			continue
		}
		var steps []step
		for _, given := range c.Given {
			steps = append(steps, step{manifest: string(given), decision: v1alpha1.DecisionAllow})
		}
		for _, s := range c.Reviews() {
			steps = append(steps, step{string(s.Object), s.Expect.Decision, s.Expect.Deny})
		}
		return steps, nil
	}
	return nil, fmt.Errorf("%s has no case %q", publishedSuite, name)
}

// published applies a case of the source documents as a user would, in its order, up to so many writes; 0 is all of them. What
// is expected to be refused must be.
func (s *scene) published(name string, upTo int) {
	s.Helper()
	steps, err := publishedSteps(name)
	if err != nil {
		s.Fatal(err)
	}
	if upTo > 0 {
		steps = steps[:upTo]
	}
	for _, step := range steps {
		if err := s.world.namespacesOf(s.Context(), step.manifest); err != nil {
			s.Fatal(err)
		}
		if step.decision == v1alpha1.DecisionDeny {
			s.refuses(step.policies[0], step.manifest)
			continue
		}
		s.apply(step.manifest)
	}
}

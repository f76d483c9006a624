package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	rbac "k8s.io/api/rbac/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// ExemptionGroup is the group of users who may do what a tlsward needs that obeys Exemptions.
const ExemptionGroup = "tlsward-exemptions"

// InstallExemptions creates the chart's CRD of Exemptions, and lets ExemptionGroup read them and write their status.
func (c *Cluster) InstallExemptions(ctx context.Context) error {
	root, err := Root()
	if err != nil {
		return err
	}
	path := filepath.Join(root, "charts", "tlsward", "files", "crds", "tlsward.io_exemptions.yaml")
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the CRD of Exemptions: %w", err)
	}
	crd := &apiextensions.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(raw, crd); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := c.install("tlsward.io", []*apiextensions.CustomResourceDefinition{crd}); err != nil {
		return err
	}
	return c.grant(ctx, ExemptionGroup,
		rbac.PolicyRule{Verbs: []string{"list", "watch"}, APIGroups: []string{"tlsward.io"}, Resources: []string{"exemptions"}},
		rbac.PolicyRule{Verbs: []string{"patch"}, APIGroups: []string{"tlsward.io"}, Resources: []string{"exemptions/status"}})
}

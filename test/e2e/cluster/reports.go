package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	rbac "k8s.io/api/rbac/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"
)

// InstallReports creates the CRDs of openreports.io, of the module's version that go.mod names.
func (c *Cluster) InstallReports(ctx context.Context) error {
	crds, err := reportCRDs(ctx)
	if err != nil {
		return err
	}
	return c.install("openreports.io", crds)
}

// InstallOlderReports creates those of wgpolicyk8s.io, which has the same fields but for two of the report itself.
func (c *Cluster) InstallOlderReports(ctx context.Context) error {
	crds, err := reportCRDs(ctx)
	if err != nil {
		return err
	}
	for _, crd := range crds {
		names := &crd.Spec.Names
		names.Kind = strings.Replace(names.Kind, "Report", "PolicyReport", 1)
		names.Plural, names.Singular = strings.ToLower(names.Kind)+"s", strings.ToLower(names.Kind)
		names.ListKind, names.ShortNames = names.Kind+"List", nil
		crd.Spec.Group, crd.Name = "wgpolicyk8s.io", names.Plural+".wgpolicyk8s.io"
		version := &crd.Spec.Versions[0]
		version.Name = "v1alpha2"
		delete(version.Schema.OpenAPIV3Schema.Properties, "source")
		delete(version.Schema.OpenAPIV3Schema.Properties, "configuration")
	}
	return c.install("wgpolicyk8s.io", crds)
}

func (c *Cluster) install(group string, crds []*apiextensions.CustomResourceDefinition) error {
	if _, err := envtest.InstallCRDs(c.Admin, envtest.CRDInstallOptions{CRDs: crds}); err != nil {
		return fmt.Errorf("install the CRDs of %s: %w", group, err)
	}
	return nil
}

func reportCRDs(ctx context.Context) ([]*apiextensions.CustomResourceDefinition, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/openreports/reports-api").Output()
	if err != nil {
		return nil, fmt.Errorf("find the module of openreports.io: %w", err)
	}
	var crds []*apiextensions.CustomResourceDefinition
	for _, resource := range []string{"reports", "clusterreports"} {
		path := filepath.Join(strings.TrimSpace(string(out)), "config", "crd", "openreports.io_"+resource+".yaml")
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read the CRD of %s: %w", resource, err)
		}
		crd := &apiextensions.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict(raw, crd); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		crds = append(crds, crd)
	}
	return crds, nil
}

// ReporterGroup is the group of users who may do what a tlsward needs that keeps reports and writes Events.
const ReporterGroup = "tlsward-reporters"

// GrantReporters lets ReporterGroup keep reports, and put Events on objects.
func (c *Cluster) GrantReporters(ctx context.Context) error {
	write := []string{"list", "create", "patch", "delete"}
	return c.grant(ctx, ReporterGroup,
		rbac.PolicyRule{Verbs: write, APIGroups: []string{"openreports.io"}, Resources: []string{"reports", "clusterreports"}},
		rbac.PolicyRule{Verbs: write, APIGroups: []string{"wgpolicyk8s.io"}, Resources: []string{"policyreports", "clusterpolicyreports"}},
		rbac.PolicyRule{Verbs: []string{"get", "create", "patch"}, APIGroups: []string{"events.k8s.io"}, Resources: []string{"events"}},
	)
}

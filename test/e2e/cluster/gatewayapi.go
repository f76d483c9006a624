package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"

	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// InstallGateways creates the CRD of the Gateway API's Gateways, of the version that Istio's own module in test/oracle names.
func (c *Cluster) InstallGateways(ctx context.Context) error {
	root, err := Root()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", "sigs.k8s.io/gateway-api")
	cmd.Dir = filepath.Join(root, "test", "oracle")
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("find the module of the Gateway API: %w", err)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return fmt.Errorf("read where the module of the Gateway API is: %w", err)
	}
	file := filepath.Join(module.Dir, "config", "crd", "standard", "gateway.networking.k8s.io_gateways.yaml")
	if _, err := envtest.InstallCRDs(c.Admin, envtest.CRDInstallOptions{Paths: []string{file}}); err != nil {
		return fmt.Errorf("install the CRD of Gateways: %w", err)
	}
	return nil
}

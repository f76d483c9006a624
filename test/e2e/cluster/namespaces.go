package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// ErrNotBuilt says that a component of the control plane is not there, and is not built for these tests alone.
var ErrNotBuilt = errors.New("not built: test/controlplane/build.sh node")

// StartNamespaceController starts Kubernetes' own namespace controller, which deletes what is in a namespace that is being
// deleted. stop ends it.
func (c *Cluster) StartNamespaceController(ctx context.Context) (stop func(), err error) {
	assets, err := Assets(ctx)
	if err != nil {
		return nil, err
	}
	binary := filepath.Join(assets, "kube-controller-manager")
	if _, err := os.Stat(binary); err != nil {
		return nil, fmt.Errorf("start the namespace controller: %w", ErrNotBuilt)
	}
	kubeconfig, err := c.Kubeconfig("system:kube-controller-manager", "system:masters")
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(c.dir, "kube-controller-manager.log"))
	if err != nil {
		return nil, fmt.Errorf("make the namespace controller's log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(binary, "--kubeconfig", kubeconfig, "--controllers", "namespace-controller", "--leader-elect=false", "--secure-port=0")
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the namespace controller: %w", err)
	}
	return func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}, nil
}

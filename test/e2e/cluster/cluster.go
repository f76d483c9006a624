package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// Seeder is the user whose writes no webhook sees: what it stores stands as if it predated the webhook.
const Seeder = "seeder"

// Cluster is a running control plane on loopback.
type Cluster struct {
	// Admin may do everything, and its writes are judged.
	Admin *rest.Config
	// Seed may do everything, unseen by the webhooks.
	Seed *rest.Config

	env *envtest.Environment
	dir string
}

// Start starts etcd and kube-apiserver with their state below dir. Istio's CRDs come with InstallCRDs.
func Start(ctx context.Context, dir string) (*Cluster, error) {
	assets, err := Assets(ctx)
	if err != nil {
		return nil, err
	}
	env, err := environment(assets, dir)
	if err != nil {
		return nil, err
	}
	c := &Cluster{env: env, dir: dir}
	if c.Admin, err = env.Start(); err != nil {
		return nil, fmt.Errorf("start the control plane: %w", err)
	}
	if c.Seed, err = c.User(Seeder, "system:masters"); err != nil {
		_ = c.Stop()
		return nil, err
	}
	return c, nil
}

// environment names the directories of etcd and kube-apiserver, so that both find their state after a restart.
func environment(assets, dir string) (*envtest.Environment, error) {
	env := &envtest.Environment{BinaryAssetsDirectory: assets}
	env.ControlPlane.Etcd = &envtest.Etcd{DataDir: filepath.Join(dir, "etcd")}
	server := env.ControlPlane.GetAPIServer()
	server.CertDir = filepath.Join(dir, "apiserver")
	// A watch cache that is never stale for long, and a shutdown that does not wait for watches.
	server.Configure().Set("shutdown-delay-duration", "0s")
	server.Configure().Set("watch-cache", "true")
	for _, d := range []string{env.ControlPlane.Etcd.DataDir, server.CertDir} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("make the control plane's directories: %w", err)
		}
	}
	logs, err := os.Create(filepath.Join(dir, "kube-apiserver.log"))
	if err != nil {
		return nil, fmt.Errorf("make the API server's log: %w", err)
	}
	server.Out, server.Err = logs, logs
	return env, nil
}

// Stop ends the control plane.
func (c *Cluster) Stop() error {
	if err := c.env.Stop(); err != nil {
		return fmt.Errorf("stop the control plane: %w", err)
	}
	return nil
}

// RestartAPIServer ends kube-apiserver and starts it again on the same port and the same data.
func (c *Cluster) RestartAPIServer() error {
	if err := c.env.ControlPlane.APIServer.Stop(); err != nil {
		return fmt.Errorf("stop kube-apiserver: %w", err)
	}
	if err := c.env.ControlPlane.APIServer.Start(); err != nil {
		return fmt.Errorf("start kube-apiserver: %w", err)
	}
	return nil
}

// RestartEtcd ends etcd under the running API server and starts it again on the same port and the same data.
func (c *Cluster) RestartEtcd() error {
	if err := c.env.ControlPlane.Etcd.Stop(); err != nil {
		return fmt.Errorf("stop etcd: %w", err)
	}
	if err := c.env.ControlPlane.Etcd.Start(); err != nil {
		return fmt.Errorf("start etcd: %w", err)
	}
	return nil
}

// InstallCRDs creates Istio's CRDs and waits until the API server serves them.
func (c *Cluster) InstallCRDs(ctx context.Context) error {
	file, err := IstioCRDs(ctx)
	if err != nil {
		return err
	}
	options := envtest.CRDInstallOptions{Paths: []string{file}, ErrorIfPathMissing: true}
	if _, err := envtest.InstallCRDs(c.Admin, options); err != nil {
		return fmt.Errorf("install Istio's CRDs: %w", err)
	}
	return nil
}

// User gives a new user's way into the API server.
func (c *Cluster) User(name string, groups ...string) (*rest.Config, error) {
	user, err := c.env.AddUser(envtest.User{Name: name, Groups: groups}, &rest.Config{QPS: 1000, Burst: 2000})
	if err != nil {
		return nil, fmt.Errorf("add user %s: %w", name, err)
	}
	return user.Config(), nil
}

// Kubeconfig writes a new user's kubeconfig file and gives its path.
func (c *Cluster) Kubeconfig(name string, groups ...string) (string, error) {
	user, err := c.env.AddUser(envtest.User{Name: name, Groups: groups}, nil)
	if err != nil {
		return "", fmt.Errorf("add user %s: %w", name, err)
	}
	raw, err := user.KubeConfig()
	if err != nil {
		return "", fmt.Errorf("write the kubeconfig of %s: %w", name, err)
	}
	path := filepath.Join(c.dir, name+".kubeconfig")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		return "", fmt.Errorf("write the kubeconfig of %s: %w", name, err)
	}
	return path, nil
}

package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-logr/logr"
	authentication "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"
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
	log.SetLogger(logr.Discard()) // envtest's own; unset, it complains
	env := &envtest.Environment{BinaryAssetsDirectory: assets, ControlPlaneStartTimeout: time.Minute,
		ControlPlaneStopTimeout: stopPatience}
	env.ControlPlane.Etcd = &envtest.Etcd{DataDir: filepath.Join(dir, "etcd")}
	server := env.ControlPlane.GetAPIServer()
	server.CertDir = filepath.Join(dir, "apiserver")
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

// Stop ends the control plane, within stopPatience for each component.
func (c *Cluster) Stop() error {
	if err := c.env.Stop(); err != nil && !strings.Contains(err.Error(), "timeout waiting for process") {
		return fmt.Errorf("stop the control plane: %w", err)
	}
	return nil
}

// stopPatience is how long a component may take to end on SIGTERM before it is killed. kube-apiserver waits for its
// watchers, etcd for kube-apiserver, so both are killed while they are in use: a crash, which is what is to be
// survived.
const stopPatience = 2 * time.Second

// RestartAPIServer ends kube-apiserver, within stopPatience, and starts it again on the same port and the same data.
func (c *Cluster) RestartAPIServer() error {
	server := c.env.ControlPlane.APIServer
	stopped := server.Stop()
	address := net.JoinHostPort(server.SecureServing.Address, server.SecureServing.Port)
	if err := awaitClosed(address); err != nil {
		return errors.Join(fmt.Errorf("stop kube-apiserver: %w", err), stopped)
	}
	if err := server.Start(); err != nil {
		return fmt.Errorf("start kube-apiserver: %w", err)
	}
	return nil
}

// awaitClosed waits until nobody listens on the address.
func awaitClosed(address string) error {
	for range 100 {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return nil
		}
		_ = conn.Close()
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("somebody still listens on %s", address)
}

// RestartEtcd ends etcd under the running API server and starts it again on the same port and the same data.
func (c *Cluster) RestartEtcd() error {
	etcd := c.env.ControlPlane.Etcd
	stopped := etcd.Stop()
	if err := awaitClosed(etcd.URL.Host); err != nil {
		return errors.Join(fmt.Errorf("stop etcd: %w", err), stopped)
	}
	if err := etcd.Start(); err != nil {
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

// User returns a new user's way into the API server.
func (c *Cluster) User(name string, groups ...string) (*rest.Config, error) {
	user, err := c.env.AddUser(envtest.User{Name: name, Groups: groups}, &rest.Config{QPS: 1000, Burst: 2000})
	if err != nil {
		return nil, fmt.Errorf("add user %s: %w", name, err)
	}
	return user.Config(), nil
}

// Kubeconfig writes a new user's kubeconfig file and returns its path.
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

// AccountKubeconfig writes a kubeconfig file for a service account, with a token good for some hours, and returns its
// path.
func (c *Cluster) AccountKubeconfig(ctx context.Context, namespace, name string) (string, error) {
	clients, err := kubernetes.NewForConfig(c.Seed)
	if err != nil {
		return "", fmt.Errorf("get a token for %s/%s: %w", namespace, name, err)
	}
	hours := int64((4 * time.Hour).Seconds())
	token, err := clients.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, name,
		&authentication.TokenRequest{Spec: authentication.TokenRequestSpec{ExpirationSeconds: &hours}}, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("get a token for %s/%s: %w", namespace, name, err)
	}
	config := api.NewConfig()
	config.Clusters["cluster"] = &api.Cluster{Server: c.Seed.Host, CertificateAuthorityData: c.Seed.CAData}
	config.AuthInfos["account"] = &api.AuthInfo{Token: token.Status.Token}
	config.Contexts["account"] = &api.Context{Cluster: "cluster", AuthInfo: "account"}
	config.CurrentContext = "account"
	path := filepath.Join(c.dir, namespace+"-"+name+".kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return "", fmt.Errorf("write the kubeconfig of %s/%s: %w", namespace, name, err)
	}
	return path, nil
}

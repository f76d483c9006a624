package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// Node is a running one-node cluster.
type Node struct {
	Config  *rest.Config
	Clients *kubernetes.Clientset

	dir, bin string
	address  string
	// ports are those of the API server, of etcd and its peers, and of kube-proxy's health and metrics.
	ports     []int
	tokens    map[string]string
	processes []*process
	// firewalled reports whether Kubernetes had written rules here before.
	firewalled bool
}

// programs are what is installed from the distribution where it is missing.
var programs = map[string]string{"containerd": "containerd", "runc": "runc", "iptables": "iptables", "conntrack": "conntrack",
	"/usr/lib/cni/bridge": "containernetworking-plugins"}

// Start brings the cluster up; the node is ready when it returns. What it started is stopped where it fails.
func Start(ctx context.Context) (*Node, error) {
	if os.Getuid() != 0 {
		return nil, errors.New("start a cluster on this machine: only root can")
	}
	if err := install(ctx); err != nil {
		return nil, err
	}
	n, err := prepare(ctx)
	if err != nil {
		return nil, err
	}
	if err := n.up(ctx); err != nil {
		why := fmt.Errorf("%w\n%s", err, n.tails())
		n.Stop(context.WithoutCancel(ctx))
		return nil, why
	}
	return n, nil
}

// install gets the programs that are missing.
func install(ctx context.Context) error {
	var missing []string
	for program, pkg := range programs {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, pkg)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	script := "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends " + strings.Join(missing, " ")
	if out, err := exec.CommandContext(ctx, "sh", "-c", script).CombinedOutput(); err != nil {
		return fmt.Errorf("install %s: %w\n%s", strings.Join(missing, ", "), err, out)
	}
	return nil
}

func prepare(ctx context.Context) (*Node, error) {
	root, err := cluster.Root()
	if err != nil {
		return nil, err
	}
	build := exec.CommandContext(ctx, filepath.Join(root, "test", "controlplane", "build.sh"), "node")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("build Kubernetes: %w", err)
	}
	n := &Node{bin: filepath.Join(root, "bin"), firewalled: hasFirewall(ctx)}
	if n.address, err = ownAddress(); err != nil {
		return nil, err
	}
	if n.ports, err = freePorts(5); err != nil {
		return nil, err
	}
	if n.dir, err = os.MkdirTemp("", "tlsward-node-"); err != nil {
		return nil, fmt.Errorf("prepare the cluster: %w", err)
	}
	// Volumes hold what pods of any user read.
	if err := os.Chmod(n.dir, 0o755); err != nil {
		return nil, fmt.Errorf("prepare the cluster: %w", err)
	}
	return n, errors.Join(n.writeTokens(), n.writeAccountKey())
}

func (n *Node) up(ctx context.Context) error {
	if err := n.startPlane(ctx); err != nil {
		return err
	}
	if err := n.startRuntime(ctx); err != nil {
		return err
	}
	pause := n.path("pause")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", pause, "github.com/tlsward/tlsward/test/cluster/pause")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build pause: %w\n%s", err, out)
	}
	if err := n.Load(ctx, Image{Name: pauseImage, Binary: pause, User: "65535:65535"}); err != nil {
		return err
	}
	if err := n.startKubelet(); err != nil {
		return err
	}
	return await(ctx, "the node", n.ready)
}

// alive returns the program that has ended, which none should.
func (n *Node) alive() error {
	for _, p := range n.processes {
		select {
		case <-p.exited:
			return fmt.Errorf("%s has ended", p.name)
		default:
		}
	}
	return nil
}

// ready returns nil once the node takes pods.
func (n *Node) ready(ctx context.Context) error {
	if err := n.alive(); err != nil {
		return err
	}
	found, err := n.Clients.CoreV1().Nodes().Get(ctx, nodeName, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, c := range found.Status.Conditions {
		if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue && len(found.Spec.Taints) == 0 {
			return nil
		}
	}
	return errNotYet
}

// Kubeconfig is the file with the admin's access.
func (n *Node) Kubeconfig() string { return n.path("admin.kubeconfig") }

// Stop deletes the pods, ends everything and takes back what it did to the machine.
func (n *Node) Stop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	n.deletePods(ctx)
	for _, p := range slices.Backward(n.processes) {
		// The API server waits for its connections, which nobody ends: it gets a moment only.
		p.end(5 * time.Second)
	}
	if !n.firewalled {
		removeFirewall(ctx)
	}
	_ = exec.CommandContext(ctx, "ip", "link", "delete", bridge).Run()
	n.unmount()
	_ = os.RemoveAll(n.dir)
}

// deletePods ends all pods while there is a kubelet to do it.
func (n *Node) deletePods(ctx context.Context) {
	if n.Clients == nil {
		return
	}
	now := int64(0)
	all := metav1.ListOptions{}
	for _, kind := range []func(string) error{
		func(ns string) error {
			return n.Clients.AppsV1().Deployments(ns).DeleteCollection(ctx, metav1.DeleteOptions{}, all)
		},
		func(ns string) error {
			return n.Clients.CoreV1().Pods(ns).DeleteCollection(ctx, metav1.DeleteOptions{GracePeriodSeconds: &now}, all)
		},
	} {
		namespaces, err := n.Clients.CoreV1().Namespaces().List(ctx, all)
		if err != nil {
			return
		}
		for _, ns := range namespaces.Items {
			_ = kind(ns.Name)
		}
	}
	time.Sleep(3 * time.Second)
}

// unmount takes back mounts that are left below the directory, the deepest first.
func (n *Node) unmount() {
	raw, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return
	}
	var points []string
	for _, line := range strings.Split(string(raw), "\n") {
		if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[1], n.dir+"/") {
			points = append(points, f[1])
		}
	}
	slices.Sort(points)
	for _, p := range slices.Backward(points) {
		_ = syscall.Unmount(p, syscall.MNT_DETACH)
	}
}

func (n *Node) tails() string {
	var out strings.Builder
	for _, p := range n.processes {
		fmt.Fprintf(&out, "--- %s\n%s\n", p.name, n.Tail(p.name))
	}
	return out.String()
}

func (n *Node) path(parts ...string) string {
	return filepath.Join(append([]string{n.dir}, parts...)...)
}

func (n *Node) binary(name string) string { return filepath.Join(n.bin, name) }

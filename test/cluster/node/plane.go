package node

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// The addresses of Services and pods: not routed anywhere but on this machine.
const (
	services = "10.96.0.0/16"
	pods     = "10.244.0.0/24"
)

// startPlane starts etcd, the API server, the controllers and the scheduler.
func (n *Node) startPlane(ctx context.Context) error {
	etcd := fmt.Sprintf("http://127.0.0.1:%d", n.ports[1])
	peer := fmt.Sprintf("http://127.0.0.1:%d", n.ports[2])
	if err := n.start("etcd", n.binary("etcd"), "--data-dir", n.path("etcd"), "--listen-client-urls", etcd,
		"--advertise-client-urls", etcd, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
		"--initial-cluster", "default="+peer, "--unsafe-no-fsync"); err != nil {
		return err
	}
	if err := n.start("kube-apiserver", n.binary("kube-apiserver"), "--etcd-servers", etcd,
		"--secure-port", strconv.Itoa(n.ports[0]), "--advertise-address", n.address, "--cert-dir", n.path("apiserver"),
		"--token-auth-file", n.path("tokens.csv"), "--authorization-mode", "Node,RBAC", "--allow-privileged",
		"--service-account-issuer", "https://kubernetes.default.svc", "--service-account-key-file", n.path("accounts.key"),
		"--service-account-signing-key-file", n.path("accounts.key"), "--service-cluster-ip-range", services,
		"--kubelet-preferred-address-types", "InternalIP", "--shutdown-delay-duration", "0s"); err != nil {
		return err
	}
	if err := await(ctx, "the API server's certificate", func(context.Context) error {
		_, err := os.Stat(n.path("apiserver", "apiserver.crt"))
		return err
	}); err != nil {
		return err
	}
	for name := range identities {
		if err := n.writeKubeconfig(name); err != nil {
			return err
		}
	}
	if err := n.connect(ctx); err != nil {
		return err
	}
	if err := n.start("kube-controller-manager", n.binary("kube-controller-manager"),
		"--kubeconfig", n.path("kube-controller-manager.kubeconfig"), "--root-ca-file", n.path("apiserver", "apiserver.crt"),
		"--service-account-private-key-file", n.path("accounts.key"), "--use-service-account-credentials",
		"--allocate-node-cidrs", "--cluster-cidr", pods, "--node-cidr-mask-size", "24", "--leader-elect=false", "--secure-port=0"); err != nil {
		return err
	}
	return n.start("kube-scheduler", n.binary("kube-scheduler"), "--kubeconfig", n.path("kube-scheduler.kubeconfig"),
		"--leader-elect=false", "--secure-port=0")
}

// connect waits until the API server answers to the admin.
func (n *Node) connect(ctx context.Context) error {
	return await(ctx, "the API server", func(ctx context.Context) error {
		config, err := clientcmd.BuildConfigFromFlags("", n.Kubeconfig())
		if err != nil {
			return err
		}
		config.QPS, config.Burst = 100, 200
		if n.Clients, err = kubernetes.NewForConfig(config); err != nil {
			return err
		}
		n.Config = config
		status := 0
		err = n.Clients.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).StatusCode(&status).Error()
		if err == nil && status != http.StatusOK {
			return errNotYet
		}
		return err
	})
}

// ownAddress returns an address of this machine that is not loopback: pods reach the API server there.
func ownAddress() (string, error) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return "", fmt.Errorf("find this machine's address: %w", err)
	}
	for _, a := range addresses {
		if ip, ok := a.(*net.IPNet); ok && !ip.IP.IsLoopback() && ip.IP.To4() != nil {
			return ip.IP.String(), nil
		}
	}
	return "", fmt.Errorf("find this machine's address: it has none but loopback")
}

func freePorts(n int) ([]int, error) {
	var out []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer l.Close()
		out = append(out, l.Addr().(*net.TCPAddr).Port)
	}
	return out, nil
}

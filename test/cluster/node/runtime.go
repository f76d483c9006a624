package node

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
)

// pauseImage holds the namespaces of each pod.
const pauseImage = "tlsward.test/pause:1"

// bridge is the network device of the pods.
const bridge = "tlsward0"

const containerdConfig = `version = 2
root = %[1]q
state = %[2]q
[grpc]
  address = %[3]q
[plugins."io.containerd.internal.v1.opt"]
  path = %[4]q
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "` + pauseImage + `"
  # Without it every sandbox fails where the machine does not let OOM scores be lowered.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = %[5]q
`

const network = `{"cniVersion": "0.4.0", "name": "tlsward", "plugins": [
  {"type": "bridge", "bridge": "` + bridge + `", "isGateway": true, "ipMasq": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": %q, "ranges": [[{"subnet": "` + pods + `"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
`

const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
containerRuntimeEndpoint: unix://%[1]s
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
resolvConf: ""
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
evictionHard: {memory.available: 50Mi, nodefs.available: 1%%}
podLogsDir: %[2]s
staticPodPath: ""
`

// startRuntime starts containerd with a configuration, a root and a socket of its own.
func (n *Node) startRuntime(ctx context.Context) error {
	for _, dir := range []string{"cni", "logs", "kubelet"} {
		if err := os.MkdirAll(n.path(dir), 0o755); err != nil {
			return fmt.Errorf("prepare the cluster: %w", err)
		}
	}
	config := fmt.Sprintf(containerdConfig, n.path("containerd"), n.path("run"), n.socket(), n.path("opt"), n.path("cni"))
	if err := n.write("containerd.toml", config); err != nil {
		return err
	}
	if err := n.write("cni/10-tlsward.conflist", fmt.Sprintf(network, n.path("addresses"))); err != nil {
		return err
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644); err != nil {
		return fmt.Errorf("let packets through: %w", err)
	}
	if err := n.start("containerd", "containerd", "--config", n.path("containerd.toml")); err != nil {
		return err
	}
	return await(ctx, "containerd", func(ctx context.Context) error { return n.ctr(ctx, nil, "version") })
}

// startKubelet starts the node and its proxy.
func (n *Node) startKubelet() error {
	if err := n.write("kubelet.yaml", fmt.Sprintf(kubeletConfig, n.socket(), n.path("logs"))); err != nil {
		return err
	}
	if err := n.start("kubelet", n.binary("kubelet"), "--config", n.path("kubelet.yaml"), "--kubeconfig", n.path("kubelet.kubeconfig"),
		"--hostname-override", nodeName, "--node-ip", n.address, "--root-dir", n.path("kubelet"), "--cert-dir", n.path("kubelet", "pki")); err != nil {
		return err
	}
	return n.start("kube-proxy", n.binary("kube-proxy"), "--kubeconfig", n.path("kube-proxy.kubeconfig"), "--proxy-mode", "iptables",
		"--cluster-cidr", pods, "--hostname-override", nodeName, "--conntrack-max-per-core", "0",
		"--healthz-bind-address", fmt.Sprintf("127.0.0.1:%d", n.ports[3]), "--metrics-bind-address", fmt.Sprintf("127.0.0.1:%d", n.ports[4]))
}

// Load brings an image to the node.
func (n *Node) Load(ctx context.Context, i Image) error {
	var image bytes.Buffer
	if err := i.Write(&image); err != nil {
		return err
	}
	return n.ctr(ctx, &image, "-n", "k8s.io", "images", "import", "-")
}

func (n *Node) ctr(ctx context.Context, stdin *bytes.Buffer, args ...string) error {
	cmd := exec.CommandContext(ctx, "ctr", append([]string{"--address", n.socket()}, args...)...)
	if stdin != nil {
		cmd.Stdin = stdin
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ctr %v: %w\n%s", args, err, out)
	}
	return nil
}

func (n *Node) socket() string { return n.path("c.sock") }

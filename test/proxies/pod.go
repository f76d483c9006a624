//go:build proxies

package proxies

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	authentication "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Pod is a pod of the mesh with its proxy. It has a network namespace of its own.
type Pod struct {
	Name, Namespace, Address string

	world *World
	// netns is the pod's network namespace.
	netns     string
	processes []*process
	relay     *process
	// application is what serves in the pod; nil where nothing does.
	application *Outside
}

// Sidecar starts a pod with a sidecar, as the injector would have it, and waits until the sidecar is ready.
func (w *World) Sidecar(ctx context.Context, namespace, name string, labels map[string]string) (*Pod, error) {
	return w.pod(ctx, namespace, name, "sidecar", labels)
}

// nextAddress is the address of the pod that starts next. Those of pods that are long gone are given away again.
func (w *World) nextAddress() string { return fmt.Sprintf("192.0.2.%d", 10+w.pods%240) }

func (w *World) pod(ctx context.Context, namespace, name, kind string, labels map[string]string) (*Pod, error) {
	address := w.nextAddress()
	w.pods++
	p := &Pod{Name: name, Namespace: namespace, Address: address, world: w, netns: fmt.Sprintf("pod%d", w.pods)}
	if err := makeNamespace(ctx, p.netns, p.Address); err != nil {
		return nil, err
	}
	if err := p.declare(ctx, kind, labels); err != nil {
		return nil, err
	}
	if err := p.files(ctx, labels); err != nil {
		return nil, err
	}
	if err := p.start(ctx, kind); err != nil {
		p.stop(ctx)
		return nil, err
	}
	return p, nil
}

// dir is the pod's working directory.
func (p *Pod) dir() string { return filepath.Join(home, p.netns) }

// declare writes the pod into the API server, as kubelet and injector would.
func (p *Pod) declare(ctx context.Context, kind string, labels map[string]string) error {
	if err := p.world.namespace(ctx, p.Namespace); err != nil {
		return err
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: p.Name}}
	if _, err := p.world.kube.CoreV1().ServiceAccounts(p.Namespace).Create(ctx, account, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create the service account of %s: %w", p.Name, err)
	}
	all := map[string]string{}
	for k, v := range labels {
		all[k] = v
	}
	if kind == "sidecar" {
		all["security.istio.io/tlsMode"] = "istio"
	}
	pods := p.world.kube.CoreV1().Pods(p.Namespace)
	created, err := pods.Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: p.Name, Labels: all},
		Spec: corev1.PodSpec{
			ServiceAccountName: p.Name, NodeName: "node", Containers: []corev1.Container{{Name: "app", Image: "app"}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("create pod %s: %w", p.Name, err)
	}
	created.Status = corev1.PodStatus{
		Phase: corev1.PodRunning, PodIP: p.Address, PodIPs: []corev1.PodIP{{IP: p.Address}}, HostIP: gateway,
		Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
	}
	if _, err := pods.UpdateStatus(ctx, created, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("write the status of pod %s: %w", p.Name, err)
	}
	return nil
}

// files writes what kubelet would mount: the token for istiod, the root of its CA, the labels; and Istio's bootstrap of Envoy,
// which asks the relay in place of the agent.
func (p *Pod) files(ctx context.Context, labels map[string]string) error {
	lifetime := int64(3600)
	token, err := p.world.kube.CoreV1().ServiceAccounts(p.Namespace).CreateToken(ctx, p.Name, &authentication.TokenRequest{
		Spec: authentication.TokenRequestSpec{
			Audiences: []string{"istio-ca"}, ExpirationSeconds: &lifetime,
			BoundObjectRef: &authentication.BoundObjectReference{Kind: "Pod", APIVersion: "v1", Name: p.Name},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("get a token for pod %s: %w", p.Name, err)
	}
	root, err := p.rootCertificate(ctx)
	if err != nil {
		return err
	}
	bootstrap, err := os.ReadFile(p.world.parts.Bootstrap)
	if err != nil {
		return fmt.Errorf("read Envoy's bootstrap: %w", err)
	}
	bootstrap = bytes.ReplaceAll(bootstrap, []byte("{{- if .metadata_discovery }}"), []byte("{{- if false }}"))
	bootstrap = bytes.ReplaceAll(bootstrap, []byte(`/XDS"`), []byte(`/RELAY"`))
	var lines strings.Builder
	for k, v := range labels {
		fmt.Fprintf(&lines, "%s=%q\n", k, v)
	}
	for name, content := range map[string][]byte{
		"var/run/secrets/tokens/istio-token":  []byte(token.Status.Token),
		"var/run/secrets/istio/root-cert.pem": root,
		"etc/istio/pod/labels":                []byte(lines.String()),
		"etc/istio/proxy/.keep":               nil,
		"bootstrap.json":                      bootstrap,
	} {
		path := filepath.Join(p.dir(), name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("make the files of pod %s: %w", p.Name, err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return fmt.Errorf("make the files of pod %s: %w", p.Name, err)
		}
	}
	return filepath.Walk(p.dir(), func(path string, _ os.FileInfo, err error) error {
		return errors.Join(err, os.Chown(path, proxyUser, proxyUser))
	})
}

// rootCertificate returns the root of istiod's CA, which istiod writes into each namespace.
func (p *Pod) rootCertificate(ctx context.Context) ([]byte, error) {
	for range 200 {
		cm, err := p.world.kube.CoreV1().ConfigMaps(p.Namespace).Get(ctx, "istio-ca-root-cert", metav1.GetOptions{})
		if err == nil && cm.Data["root-cert.pem"] != "" {
			return []byte(cm.Data["root-cert.pem"]), nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, fmt.Errorf("istiod wrote no root certificate into namespace %s", p.Namespace)
}

// start redirects what the pod sends, and starts the relay and the agent, which starts Envoy.
func (p *Pod) start(ctx context.Context, kind string) error {
	if kind == "sidecar" {
		if err := within(p.netns, func() error {
			return run(ctx, "/", p.world.parts.Agent, "istio-iptables", "-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT",
				"-i", "*", "-x", "", "-b", "*", "-d", "15090,15021,15020")
		}); err != nil {
			return fmt.Errorf("redirect what pod %s sends: %w", p.Name, err)
		}
	}
	sockets := filepath.Join(p.dir(), "etc/istio/proxy")
	var err error
	if p.relay, err = (program{
		name: "relay-" + p.netns, dir: p.dir(), namespace: p.netns, asProxy: true,
		args: []string{p.world.parts.Relay, filepath.Join(sockets, "RELAY"), filepath.Join(sockets, "XDS")},
	}).start(); err != nil {
		return err
	}
	p.processes = append(p.processes, p.relay)
	agent, err := program{
		name: "agent-" + p.netns, dir: p.dir(), namespace: p.netns, asProxy: true, env: p.environment(sockets),
		args: []string{p.world.parts.Agent, "proxy", kind, "--domain", p.Namespace + ".svc.cluster.local", "--proxyLogLevel=warning"},
	}.start()
	if err != nil {
		return err
	}
	p.processes = append(p.processes, agent)
	return agent.await(ctx, "pod "+p.Name, func() bool {
		return p.world.istiod.ended() || answers(p.client(), "http://"+p.Address+":15021/healthz/ready")
	})
}

func (p *Pod) environment(sockets string) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + p.dir(), "ISTIO_BOOTSTRAP=" + filepath.Join(p.dir(), "bootstrap.json"),
		"POD_NAME=" + p.Name, "POD_NAMESPACE=" + p.Namespace, "INSTANCE_IP=" + p.Address, "HOST_IP=" + gateway,
		"SERVICE_ACCOUNT=" + p.Name, "CA_ADDR=istiod." + rootNamespace + ".svc:15012", "PILOT_CERT_PROVIDER=istiod",
		"TRUST_DOMAIN=cluster.local", "ISTIO_META_CLUSTER_ID=Kubernetes", "ISTIO_META_INTERCEPTION_MODE=REDIRECT",
		"ISTIO_META_WORKLOAD_NAME=" + p.Name, "ISTIO_META_MESH_ID=cluster.local", "ISTIO_META_NODE_NAME=node",
		fmt.Sprintf(`PROXY_CONFIG={"discoveryAddress":"istiod.%s.svc:15012","binaryPath":%q,"configPath":%q}`, rootNamespace, p.world.parts.Envoy, sockets),
	}
}

// stop ends the pod and takes it out of the mesh.
func (p *Pod) stop(ctx context.Context) {
	for _, running := range p.processes {
		running.kill()
	}
	p.application.close()
	_ = ip(ctx, []string{"link", "del", "v-" + p.netns}, []string{"netns", "del", p.netns})
	_ = os.RemoveAll(p.dir())
	now := int64(0)
	p.world.removeService(ctx, p.Namespace, p.Name)
	_ = p.world.kube.CoreV1().Pods(p.Namespace).Delete(ctx, p.Name, metav1.DeleteOptions{GracePeriodSeconds: &now})
}

// dial connects from the pod. It resolves names as the pod's resolver does.
func (p *Pod) dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if at, ok := p.world.names.lookup(host); ok {
		host = at.String()
	}
	err = within(p.netns, func() (err error) {
		conn, err = (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, network, net.JoinHostPort(host, port))
		return err
	})
	return conn, err
}

// client returns a client whose connections are the pod's.
func (p *Pod) client() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext: p.dial, DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: p.world.trusted.pool()},
		},
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Get asks from the pod and returns the status of the answer.
func (p *Pod) Get(url string) (status int, err error) {
	response, err := p.client().Get(url)
	if err != nil {
		return 0, fmt.Errorf("get %s from %s: %w", url, p.Name, err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode, nil
}

// Dump returns what the pod's proxy has.
func (p *Pod) Dump() ([]byte, error) {
	response, err := p.client().Get("http://127.0.0.1:15000/config_dump?include_eds")
	if err != nil {
		return nil, fmt.Errorf("get the config dump of %s: %w", p.Name, err)
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}

// Refused lists what the proxy refused of what istiod sent.
func (p *Pod) Refused() ([]string, error) {
	text, err := os.ReadFile(p.relay.log)
	if err != nil {
		return nil, fmt.Errorf("read the log of the relay: %w", err)
	}
	var refused []string
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "NACK") {
			refused = append(refused, strings.TrimSpace(line))
		}
	}
	return refused, nil
}

//go:build proxies

package proxies

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// World is a mesh on one machine, and what lies outside it.
type World struct {
	parts parts
	plane *cluster.Cluster
	// judged writes as a user, whom the webhooks judge; unseen as one whom they do not.
	judged, unseen client.Client
	kube           kubernetes.Interface
	// warnings are those that judged was answered with.
	warnings warnings
	names    *names
	// trusted signs the servers outside that are in order, unknown one that no proxy trusts.
	trusted, unknown *authority
	webhook          *cluster.Replica
	// istiod runs with these variables of its environment.
	istiod      *process
	environment []string
	outside     []*Outside
	pods        int
	// configured is the MeshConfig that was set last, configurations how often it was.
	configured     []byte
	configurations int
}

// rootNamespace is istiod's.
const rootNamespace = "istio-system"

// outsideAddresses are where servers outside the mesh may be (RFC 5737).
var outsideAddresses = []string{"203.0.113.10", "203.0.113.11", "203.0.113.12", "203.0.113.13"}

// meshAddress is one that random meshes have among those of pods.
const meshAddress = "192.0.2.2"

// newWorld brings the world up, in the sealed process.
func newWorld(ctx context.Context, p parts) (*World, error) {
	w := &World{parts: p, names: &names{byName: map[string]netip.Addr{}}}
	var err error
	if w.trusted, err = newAuthority("outside CA"); err != nil {
		return nil, err
	}
	if w.unknown, err = newAuthority("CA that nobody knows"); err != nil {
		return nil, err
	}
	if err := seal(w.trusted.PEM); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(home, "logs"), 0o755); err != nil {
		return nil, fmt.Errorf("make the world's logs: %w", err)
	}
	if err := makeBridge(ctx, append(outsideAddresses, meshAddress)...); err != nil {
		return nil, err
	}
	w.names.set("istiod."+rootNamespace+".svc", gateway)
	if err := w.names.serve(gateway + ":53"); err != nil {
		return nil, err
	}
	if err := w.startControlPlane(ctx); err != nil {
		return nil, err
	}
	if err := w.startWebhooks(ctx); err != nil {
		return nil, err
	}
	return w, w.startIstiod(ctx)
}

// startControlPlane starts the API server with Istio's CRDs and the Gateway API's.
func (w *World) startControlPlane(ctx context.Context) error {
	dir := filepath.Join(home, "kubernetes")
	err := os.MkdirAll(dir, 0o700)
	if err != nil {
		return fmt.Errorf("make the control plane's directory: %w", err)
	}
	if w.plane, err = cluster.Start(ctx, dir); err != nil {
		return err
	}
	if err := errors.Join(w.plane.InstallCRDs(ctx), w.installGatewayAPI(), w.plane.GrantReaders(ctx)); err != nil {
		return err
	}
	warned := rest.CopyConfig(w.plane.Admin)
	warned.WarningHandler = &w.warnings
	if w.judged, err = client.New(warned, client.Options{}); err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	if w.unseen, err = client.New(w.plane.Seed, client.Options{}); err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	if w.kube, err = kubernetes.NewForConfig(w.plane.Seed); err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	return w.namespace(ctx, rootNamespace)
}

// installGatewayAPI creates the CRDs of the Gateway API.
func (w *World) installGatewayAPI() error {
	options := envtest.CRDInstallOptions{Paths: []string{w.parts.GatewayAPI}, ErrorIfPathMissing: true}
	if _, err := envtest.InstallCRDs(w.plane.Admin, options); err != nil {
		return fmt.Errorf("install the Gateway API's CRDs: %w", err)
	}
	return nil
}

func (w *World) namespace(ctx context.Context, name string) error {
	_, err := w.kube.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create namespace %s: %w", name, err)
	}
	return nil
}

// startWebhooks starts tlsward and registers its webhooks.
func (w *World) startWebhooks(ctx context.Context) error {
	pair, err := cluster.NewPair()
	if err != nil {
		return err
	}
	dir := filepath.Join(home, "serving")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the webhooks' directory: %w", err)
	}
	if err := pair.Write(dir); err != nil {
		return err
	}
	kubeconfig, err := w.plane.Kubeconfig("tlsward", cluster.ReaderGroup)
	if err != nil {
		return err
	}
	program := cluster.Program{
		Binary: w.parts.Tlsward, Args: []string{"--kubeconfig", kubeconfig, "--cert-dir", dir}, Log: filepath.Join(home, "logs", "tlsward.log"),
	}
	if w.webhook, err = program.Start(); err != nil {
		return err
	}
	ready, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := w.webhook.AwaitReady(ready); err != nil {
		return err
	}
	return w.plane.Register(ctx, cluster.Webhooks{URL: w.webhook.URL(), CA: pair.CA})
}

// await waits until a process is ready, and fails with the end of its log where it exits or does not get so.
func (p *process) await(ctx context.Context, name string, ready func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for !ready() {
		select {
		case <-p.exited:
			return fmt.Errorf("%s has ended before it was ready:\n%s", name, p.tail())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w\n%s", name, ctx.Err(), p.tail())
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

// answers reports whether a URL answers 200.
func answers(c *http.Client, url string) bool {
	response, err := c.Get(url)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// Server starts a server outside the mesh with a certificate of this name, to which the names lead. The proxies trust its
// authority.
func (w *World) Server(certificate string, names ...string) (*Outside, error) {
	return w.serverOf(w.trusted, certificate, names...)
}

// ServerOfUnknownCA is Server, with a certificate that nobody trusts.
func (w *World) ServerOfUnknownCA(certificate string, names ...string) (*Outside, error) {
	return w.serverOf(w.unknown, certificate, names...)
}

func (w *World) serverOf(a *authority, certificate string, names ...string) (*Outside, error) {
	if len(w.outside) == len(outsideAddresses) {
		return nil, errors.New("all addresses outside the mesh are taken")
	}
	issued, err := a.issue(certificate)
	if err != nil {
		return nil, err
	}
	o := &Outside{Address: outsideAddresses[len(w.outside)], certificate: issued, clients: w.trusted.pool()}
	if err := errors.Join(o.serve(listenHere, serveHTTP, "80", "443"), o.serve(listenHere, serveMySQL, mysqlPort)); err != nil {
		return nil, err
	}
	w.outside = append(w.outside, o)
	for _, name := range names {
		w.names.set(name, o.Address)
	}
	return o, nil
}

// closeServers ends the servers outside.
func (w *World) closeServers() {
	for _, o := range w.outside {
		o.close()
	}
	w.outside = nil
}

// denied reports whether an error is the webhook's refusal by a policy.
func denied(err error, policy string) bool {
	return err != nil && strings.Contains(err.Error(), "denied the request") && strings.Contains(err.Error(), policy)
}

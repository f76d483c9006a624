//go:build chart

package chart

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tlsward/tlsward/test/chart/helm"
	"github.com/tlsward/tlsward/test/e2e/cluster"
)

const (
	releaseName      = "tlsward"
	releaseNamespace = "tlsward-system"
)

// release is the chart as it is installed on a plane, with servers as processes on loopback: no node runs its pods.
type release struct {
	t      *testing.T
	plane  *plane
	helm   helm.Helm
	binary string
	// port is the one in webhook.url; the first server listens there.
	port    int
	servers []*cluster.Replica
	// fixed are arguments that every install and upgrade gets.
	fixed []string
	// pair is the directory that stands for the mounted pair; "" where the servers make their own.
	pair string
}

func newRelease(t *testing.T, p *plane) *release {
	t.Helper()
	h := newHelm(t)
	h.Kubeconfig = p.kubeconfig
	binary, err := cluster.BuildProgram(t.Context(), p.dir)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return &release{t: t, plane: p, helm: h, binary: binary, port: l.Addr().(*net.TCPAddr).Port}
}

// values are what every install and upgrade gets, and then more.
func (r *release) values(more ...string) []string {
	args := []string{"-n", releaseNamespace, "--set", fmt.Sprintf("webhook.url=https://127.0.0.1:%d", r.port),
		"--set", "certificates.own.settle=1s,server.drainSeconds=0,policySelector=tlsward.io/policies=true"}
	args = append(args, r.fixed...)
	for _, m := range more {
		args = append(args, "--set", m)
	}
	return args
}

func (r *release) install(more ...string) {
	r.t.Helper()
	args := append([]string{"install", releaseName, r.helm.Chart, "--create-namespace"}, r.values(more...)...)
	run(r.t, r.helm, args...)
}

func (r *release) upgrade(more ...string) {
	r.t.Helper()
	run(r.t, r.helm, append([]string{"upgrade", releaseName, r.helm.Chart}, r.values(more...)...)...)
}

// args are those that the chart gives to the servers, less what only a pod has.
func (r *release) args() []string {
	r.t.Helper()
	d, err := r.plane.clients.AppsV1().Deployments(releaseNamespace).Get(r.t.Context(), releaseName, metav1.GetOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	config, err := r.plane.clients.CoreV1().ConfigMaps(releaseNamespace).Get(r.t.Context(), releaseName, metav1.GetOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	file := r.plane.write(r.t, "config.yaml", config.Data["config.yaml"])
	var out []string
	for _, arg := range d.Spec.Template.Spec.Containers[0].Args[1:] {
		if strings.HasPrefix(arg, "--config=") {
			arg = "--config=" + file
		}
		if r.pair != "" && arg == "--cert-dir=/etc/tlsward-pair" {
			arg = "--cert-dir=" + r.pair
		}
		out = append(out, arg)
	}
	return out
}

// serve starts a server under the chart's own account; the first is the one that the API server asks.
func (r *release) serve() *cluster.Replica {
	r.t.Helper()
	name := fmt.Sprintf("%s-%d", releaseName, len(r.servers))
	program := cluster.Program{Binary: r.binary, Log: filepath.Join(r.plane.dir, name+".log"), Env: []string{"POD_NAME=" + name, "POD_UID=" + name},
		Args: append(r.args(), "--bind=127.0.0.1", "--heartbeat=1s", "--kubeconfig="+r.plane.account(r.t, releaseNamespace, releaseName))}
	var server *cluster.Replica
	var err error
	if len(r.servers) == 0 {
		server, err = program.StartOn(r.port, freePort(r.t), freePort(r.t))
	} else {
		server, err = program.Start()
	}
	if err != nil {
		r.t.Fatal(err)
	}
	r.servers = append(r.servers, server)
	r.t.Cleanup(func() {
		if r.t.Failed() {
			r.t.Log(name + ":\n" + server.Tail())
		}
		_ = server.Kill()
	})
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	if err := server.AwaitReady(ctx); err != nil {
		r.t.Fatal(err)
	}
	return server
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// await waits until holds returns "", which says what is still missing.
func (r *release) await(what string, holds func() string) {
	r.t.Helper()
	var last string
	for end := time.Now().Add(40 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if last = holds(); last == "" {
			return
		}
	}
	r.t.Fatalf("%s: %s", what, last)
}

// failurePolicy returns that of the validating webhook.
func (r *release) failurePolicy() string {
	r.t.Helper()
	found, err := r.plane.clients.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(r.t.Context(), releaseName, metav1.GetOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	return string(*found.Webhooks[0].FailurePolicy)
}

// closed waits until the validating webhook fails closed.
func (r *release) closed() {
	r.t.Helper()
	r.await("closing", func() string {
		if p := r.failurePolicy(); p != "Fail" {
			return "failurePolicy is " + p
		}
		return ""
	})
}

// bundles returns the CA bundles of both webhooks.
func (r *release) bundles() (mutating, validating string) {
	r.t.Helper()
	api := r.plane.clients.AdmissionregistrationV1()
	m, err := api.MutatingWebhookConfigurations().Get(r.t.Context(), releaseName, metav1.GetOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	v, err := api.ValidatingWebhookConfigurations().Get(r.t.Context(), releaseName, metav1.GetOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	return string(m.Webhooks[0].ClientConfig.CABundle), string(v.Webhooks[0].ClientConfig.CABundle)
}

// reviews returns how often the first server was asked to validate.
func (r *release) reviews() float64 {
	r.t.Helper()
	total := 0.0
	for _, line := range strings.Split(metrics(r.t, r.servers[0]), "\n") {
		if !strings.HasPrefix(line, "tlsward_reviews_total{") || !strings.Contains(line, `webhook="validate"`) {
			continue
		}
		n, err := strconv.ParseFloat(line[strings.LastIndex(line, " ")+1:], 64)
		if err != nil {
			r.t.Fatal(err)
		}
		total += n
	}
	return total
}

// probe runs the program as the test pod does, under the servers' account.
func (r *release) probe(more ...string) (string, error) {
	args := append([]string{"probe", "--webhook-configurations=" + releaseName,
		"--kubeconfig=" + r.plane.account(r.t, releaseNamespace, releaseName)}, more...)
	out, err := exec.CommandContext(r.t.Context(), r.binary, args...).CombinedOutput()
	return string(out), err
}

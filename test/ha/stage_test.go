package ha

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/tlsward/tlsward/certs/kube"
	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// home is the namespace of the CA's Secret and of the Leases.
const home = "tlsward-system"

// caSecret is the name of the CA's Secret.
const caSecret = "tlsward-ca"

// The lives of certificates. A CA is due at two thirds of its life; the last third leaves time for a leader that is
// killed, and for little more: the program takes no shorter life.
const (
	caLife    = 90 * time.Second
	certLife  = 15 * time.Second
	caSettle  = 2 * time.Second
	heartbeat = time.Second
)

// stage is everything that a run has to do with.
type stage struct {
	t       *testing.T
	plane   *cluster.Cluster
	clients *kubernetes.Clientset
	fleet   *fleet
	disk    string // the log of the replicas
	rotated atomic.Int32
	// spells are when causes were at work that are not tlsward's, heals how long wiped bundles took to be back.
	spells *spells
	mu     sync.Mutex
	heals  []time.Duration
	// release is the chart as it is installed; nil where the webhooks were registered without it.
	release *release
}

// newStage starts a control plane and replicas that share a CA, and points the API server at them.
func newStage(t *testing.T, p plan) *stage {
	t.Helper()
	ctx, dir := t.Context(), t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	binary, err := cluster.BuildProgram(ctx, dir)
	must(err)
	plane, err := cluster.Start(ctx, dir)
	must(err)
	t.Cleanup(func() { must(plane.Stop()) })
	must(plane.InstallCRDs(ctx))
	clients, err := kubernetes.NewForConfig(plane.Seed)
	must(err)
	s := &stage{t: t, plane: plane, clients: clients, spells: &spells{}, disk: cmp.Or(os.Getenv("TLSWARD_HA_LOG"), filepath.Join(dir, "tlsward.log"))}
	program := cluster.Program{Binary: binary, Log: s.disk, Args: []string{
		"--bind", "127.0.0.1", "--drain", (notice + time.Second).String(),
		"--namespace", home, "--ca-secret", caSecret, "--webhook-configurations", cluster.WebhookName,
		"--cert-name", "127.0.0.1", "--ca-life", caLife.String(), "--cert-life", certLife.String(),
		"--ca-settle", caSettle.String(), "--heartbeat", heartbeat.String(),
		"--companions", "--existing", "--reports", "--events",
	}}
	s.fleet = &fleet{t: t, program: program, balancer: newBalancer(t)}
	kubeconfig, err := s.register(ctx, p)
	must(err)
	s.fleet.program.Args = append(s.fleet.program.Args, "--kubeconfig", kubeconfig)
	s.fleet.launch(p.replicas)
	if s.release != nil {
		must(s.awaitClosed(ctx))
	}
	return s
}

// register points the API server at the balancer, by the chart or as the chart would, and returns the kubeconfig of the
// account that the replicas run under.
func (s *stage) register(ctx context.Context, p plan) (string, error) {
	if p.times[upgrade] > 0 {
		var err error
		if s.release, err = install(ctx, s.plane, s.fleet.balancer.url()); err != nil {
			return "", err
		}
		s.fleet.program.Args = append(s.fleet.program.Args, "--close-webhook")
		return s.plane.AccountKubeconfig(ctx, home, cluster.WebhookName)
	}
	if err := s.plane.GrantOperators(ctx, home); err != nil {
		return "", err
	}
	// 1 s to mutate, failing open; 3 s to validate, failing closed.
	hooks := cluster.Webhooks{URL: s.fleet.balancer.url(), MutateSeconds: 1, ValidateSeconds: 3}
	if err := s.plane.Register(ctx, hooks); err != nil {
		return "", err
	}
	return s.plane.Kubeconfig("tlsward", cluster.ReaderGroup, cluster.OperatorGroup)
}

// watchRotations counts the CAs that come to sign, until ctx is done.
func (s *stage) watchRotations(ctx context.Context) {
	var last [sha256.Size]byte
	for first := true; ctx.Err() == nil; pause(ctx, 200*time.Millisecond) {
		secret, err := s.clients.CoreV1().Secrets(home).Get(ctx, caSecret, metav1.GetOptions{})
		if err != nil {
			continue
		}
		now := sha256.Sum256(secret.Data["active.crt"])
		if now != last && !first {
			s.rotated.Add(1)
		}
		last, first = now, false
	}
}

// cause makes one event happen, and gives it time to show.
func (s *stage) cause(ctx context.Context, event string) error {
	switch event {
	case rolling:
		return s.fleet.roll(ctx)
	case killing:
		return s.fleet.kill(ctx, s.spells)
	case apiRestart:
		return s.spells.during(planeAway, s.plane.RestartAPIServer)
	case etcdRestart:
		return s.spells.during(planeAway, s.plane.RestartEtcd)
	case rotation:
		return s.rotate(ctx)
	case upgrade:
		return s.release.upgrade(ctx)
	case wipedBundle:
		return s.wipeValidating(ctx)
	case lostSecret:
		return s.clients.CoreV1().Secrets(home).Delete(ctx, caSecret, metav1.DeleteOptions{})
	case wipedBoth:
		both := make(chan error)
		go func() { both <- s.wipeMutating(ctx) }()
		return errors.Join(s.wipeValidating(ctx), <-both)
	case fullDisk:
		return s.fillDisk(ctx)
	case slowReaders:
		return s.readSlowly(ctx)
	default:
		return fmt.Errorf("no such event: %s", event)
	}
}

// rotate asks for a new CA, and waits until it signs.
func (s *stage) rotate(ctx context.Context) error {
	before := s.rotated.Load()
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:"now"}}}`, kube.RotateAnnotation)
	secrets := s.clients.CoreV1().Secrets(home)
	if _, err := secrets.Patch(ctx, caSecret, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("ask for a rotation: %w", err)
	}
	deadline := time.Now().Add(time.Minute)
	for s.rotated.Load() == before {
		if time.Now().After(deadline) {
			return fmt.Errorf("no new CA signs a minute after it was asked for")
		}
		pause(ctx, 200*time.Millisecond)
	}
	return nil
}

// fillDisk lets one replica run with a log that cannot be written, and replaces it again.
func (s *stage) fillDisk(ctx context.Context) error {
	s.fleet.program.Log = "/dev/full"
	err := s.fleet.replace(ctx)
	s.fleet.program.Log = s.disk
	if err != nil {
		return err
	}
	pause(ctx, 3*time.Second)
	for range s.fleet.replicas {
		if err := s.fleet.replace(ctx); err != nil {
			return err
		}
	}
	return nil
}

// readSlowly opens connections that send half a review, or take no answer, and holds them for a while.
func (s *stage) readSlowly(ctx context.Context) error {
	address := s.fleet.balancer.listener.Addr().String()
	dialer := &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}} //nolint:gosec // it trusts nobody and sends nothing
	for i := range 60 {
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err != nil {
			return fmt.Errorf("connect slowly: %w", err)
		}
		defer conn.Close()
		request := "POST /validate HTTP/1.1\r\nHost: tlsward\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
		if i%2 == 0 {
			request += "{}"
		}
		if _, err := conn.Write([]byte(request)); err != nil {
			return fmt.Errorf("send slowly: %w", err)
		}
	}
	pause(ctx, 8*time.Second)
	return nil
}

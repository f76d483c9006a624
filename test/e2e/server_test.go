package e2e

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// server is what serves the webhooks in a test.
type server struct {
	plane   *cluster.Cluster
	program cluster.Program
	pair    cluster.Pair
	// certDir holds the pair as the program reads it.
	certDir string
	// replicas are those started.
	replicas []*cluster.Replica
}

// newServer makes a program with a mounted certificate and a user that may only read.
func newServer(t *testing.T, plane *cluster.Cluster, args ...string) *server {
	t.Helper()
	dir := t.TempDir()
	pair, err := cluster.NewPair()
	if err != nil {
		t.Fatal(err)
	}
	if err := pair.Write(dir); err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := plane.Kubeconfig("tlsward", cluster.ReaderGroup)
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{"--kubeconfig", kubeconfig, "--cert-dir", dir, "--bind", "127.0.0.1", "--drain", "0s"}, args...)
	program := cluster.Program{Binary: binary, Args: args, Log: filepath.Join(dir, "tlsward.log")}
	return &server{plane: plane, program: program, pair: pair, certDir: dir}
}

// start starts one replica and waits until it is ready. It is ended with the test.
func (s *server) start(t *testing.T) *cluster.Replica {
	t.Helper()
	replica, err := s.program.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := replica.Stop(ctx); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(replica.Tail())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := replica.AwaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	s.replicas = append(s.replicas, replica)
	return replica
}

// register points the API server at url, and takes the registration back with the test.
func (s *server) register(t *testing.T, url string, versions ...string) {
	t.Helper()
	s.registerAs(t, cluster.Webhooks{URL: url, CA: s.pair.CA, Versions: versions})
}

func (s *server) registerAs(t *testing.T, w cluster.Webhooks) {
	t.Helper()
	if err := s.plane.Register(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.plane.Unregister(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

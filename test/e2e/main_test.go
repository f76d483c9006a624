package e2e

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// plane and binary are what the tests of this package share: starting them costs seconds.
var (
	plane  *cluster.Cluster
	binary string
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tlsward-e2e-")
	if err != nil {
		return complain(err)
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	if binary, err = cluster.BuildProgram(ctx, dir); err != nil {
		return complain(err)
	}
	if plane, err = cluster.Start(ctx, dir); err != nil {
		return complain(err)
	}
	defer func() { _ = plane.Stop() }()
	if err := plane.InstallCRDs(ctx); err != nil {
		return complain(err)
	}
	if err := plane.GrantReaders(ctx); err != nil {
		return complain(err)
	}
	return m.Run()
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, "e2e:", err)
	return 1
}

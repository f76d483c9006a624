package certs

import (
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func discardLog() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// writePair puts a pair of a fresh CA into dir, valid from now for life, and returns its serial number.
func writePair(t *testing.T, dir string, now time.Time, life time.Duration) string {
	t.Helper()
	a, err := NewAuthority(now, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := a.Sign([]string{"localhost"}, now, life)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalECPrivateKey(pair.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "tls.crt", EncodeBundle(pair.Leaf))
	write(t, dir, "tls.key", pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: key}))
	return pair.Leaf.SerialNumber.String()
}

func write(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func presented(t *testing.T, s Source) string {
	t.Helper()
	c, err := s.GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	return c.Leaf.SerialNumber.String()
}

func TestMountedKeepsTheLastGoodPair(t *testing.T) {
	dir := t.TempDir()
	if _, err := NewMounted(dir, discardLog()); err == nil {
		t.Fatal("an empty directory was accepted at start")
	}
	first := writePair(t, dir, wallClock(), time.Hour)
	m, err := NewMounted(dir, discardLog())
	if err != nil {
		t.Fatal(err)
	}
	breaks := []struct {
		name  string
		apply func()
	}{
		{"certificate is no PEM", func() { write(t, dir, "tls.crt", []byte("nonsense")) }},
		{"key is gone", func() { _ = os.Remove(filepath.Join(dir, "tls.key")) }},
		{"pair has expired", func() { writePair(t, dir, wallClock().Add(-2*time.Hour), time.Hour) }},
		{"key of another pair", func() {
			writePair(t, dir, wallClock(), time.Hour)
			crt, _ := os.ReadFile(filepath.Join(dir, "tls.crt"))
			writePair(t, dir, wallClock(), time.Hour)
			write(t, dir, "tls.crt", crt)
		}},
	}
	for _, b := range breaks {
		b.apply()
		if err := m.reload(wallClock()); err == nil {
			t.Errorf("%s: not refused", b.name)
		}
		if err := m.reload(wallClock()); err != nil {
			t.Errorf("%s: reported twice: %v", b.name, err)
		}
		if got := presented(t, m); got != first {
			t.Errorf("%s: the last good pair was lost", b.name)
		}
		if err := m.Healthy(); err != nil {
			t.Errorf("%s: unready: %v", b.name, err)
		}
	}
	second := writePair(t, dir, wallClock(), time.Hour)
	if err := m.reload(wallClock()); err != nil {
		t.Fatal(err)
	}
	if got := presented(t, m); got != second {
		t.Error("the mended pair was not taken over")
	}
}

func TestMountedFollowsItsFiles(t *testing.T) {
	dir := t.TempDir()
	writePair(t, dir, wallClock(), time.Hour)
	m, err := NewMounted(dir, discardLog())
	if err != nil {
		t.Fatal(err)
	}
	m.interval = time.Millisecond
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Start(ctx) }()
	second := writePair(t, dir, wallClock(), 2*time.Hour)
	for deadline := time.Now().Add(5 * time.Second); presented(t, m) != second; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the new pair was not taken over")
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestMountedExpires(t *testing.T) {
	dir := t.TempDir()
	writePair(t, dir, wallClock().Add(-2*time.Hour), time.Hour)
	m, err := NewMounted(dir, discardLog())
	if err != nil {
		t.Fatal(err)
	}
	if m.Healthy() == nil {
		t.Error("an expired pair is healthy")
	}
}

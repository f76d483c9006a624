//go:build release

package release

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"io/fs"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// version is released, and then next, of the same tree.
const (
	version = "0.0.9"
	next    = "0.1.0-rc.1"
)

// made is a release that was made and pushed.
type made struct {
	dist string
	// repository is the registry, and what goes before the names there.
	repository string
	key        *ecdsa.PublicKey
	// publicKey is the file of key.
	publicKey string
}

// newMade makes a release, twice, and the next one, and pushes both.
func newMade(t *testing.T) made {
	t.Helper()
	root, err := cluster.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	m := made{dist: filepath.Join(dir, "dist"), publicKey: filepath.Join(dir, "key.pub")}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	m.key = &key.PublicKey
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(m.key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, filepath.Join(dir, "key.pem"), "PRIVATE KEY", private)
	writePEM(t, m.publicKey, "PUBLIC KEY", public)

	tool := filepath.Join(dir, "release")
	run(t, filepath.Join(root, "tools", "release"), "go", "build", "-o", tool, ".")
	for dist, version := range map[string]string{m.dist: version, m.dist + "2": version, m.dist + "-next": next} {
		t.Log(run(t, root, tool, "build", "--version=v"+version, "--platform=linux/amd64", "--key="+filepath.Join(dir, "key.pem"), "--dist="+dist))
	}
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	m.repository = strings.TrimPrefix(server.URL, "http://") + "/somewhere"
	for _, dist := range []string{m.dist, m.dist + "-next"} {
		t.Log(run(t, root, tool, "push", "--dist="+dist, "--to="+m.repository, "--plain-http"))
	}
	return m
}

func writePEM(t *testing.T, path, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs a program, which must succeed, and returns what it printed.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// same fails unless both directories hold the same files with the same bytes.
func same(t *testing.T, one, two string) {
	t.Helper()
	a, b := files(t, one), files(t, two)
	for name, data := range a {
		if !bytes.Equal(data, b[name]) {
			t.Errorf("%s differs", name)
		}
	}
	if len(a) != len(b) || len(a) == 0 {
		t.Errorf("%d files, then %d", len(a), len(b))
	}
}

func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		all[path], err = os.ReadFile(filepath.Join(dir, path))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

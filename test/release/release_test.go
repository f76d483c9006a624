//go:build release

package release

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestRelease(t *testing.T) {
	m := newMade(t)
	t.Run("two runs are byte for byte the same", func(t *testing.T) { same(t, m.dist, m.dist+"2") })
	t.Run("checksums", func(t *testing.T) {
		run(t, m.dist, "sha256sum", "--check", "--strict", "checksums.txt")
		m.verify(t, read(t, m.dist, "checksums.txt"), strings.TrimSpace(string(read(t, m.dist, "checksums.txt.sig"))))
	})
	t.Run("the archive holds the program", func(t *testing.T) {
		dir := t.TempDir()
		run(t, dir, "tar", "xzf", filepath.Join(m.dist, "tlsward_"+version+"_linux_amd64.tar.gz"))
		if got := run(t, dir, "./tlsward", "--version"); got != "tlsward "+version+"\n" {
			t.Errorf("--version prints %q", got)
		}
		if page := read(t, dir, "man/man1/tlsward-check.1"); !strings.Contains(string(page), "tlsward "+version) {
			t.Errorf("its manual is %.200s", page)
		}
	})
	t.Run("image", func(t *testing.T) { image(t, m) })
	t.Run("signatures", func(t *testing.T) { signatures(t, m) })
	t.Run("attestations", func(t *testing.T) { attestations(t, m) })
	t.Run("cosign", func(t *testing.T) { cosign(t, m) })
	t.Run("krew", func(t *testing.T) { krew(t, m) })
	t.Run("chart", func(t *testing.T) { installs(t, m) })
}

// cosign verifies with the real one, where there is one.
func cosign(t *testing.T, m made) {
	binary := os.Getenv("COSIGN")
	if binary == "" {
		t.Skip("COSIGN names no cosign (make test-release-tools builds one)")
	}
	key := []string{"--key=" + m.publicKey, "--insecure-ignore-tlog=true"}
	remote := append([]string{"--allow-insecure-registry"}, key...)
	image, chart := m.repository+"/tlsward:"+version, m.repository+"/charts/tlsward:"+version
	for _, args := range [][]string{
		append(remote, "verify", image),
		append(remote, "verify", chart),
		append(remote, "verify-attestation", "--type=slsaprovenance1", image),
		append(remote, "verify-attestation", "--type=cyclonedx", image),
		append(key, "verify-blob", "--signature="+filepath.Join(m.dist, "checksums.txt.sig"), filepath.Join(m.dist, "checksums.txt")),
	} {
		t.Logf("%.400s", run(t, m.dist, binary, args...))
	}
	// A key that signed nothing must not pass.
	other := filepath.Join(t.TempDir(), "other.pub")
	writeOtherKey(t, other)
	if out, err := exec.CommandContext(t.Context(), binary, "verify", "--allow-insecure-registry", "--insecure-ignore-tlog=true", "--key="+other, image).CombinedOutput(); err == nil {
		t.Errorf("another key passes:\n%s", out)
	}
}

// krew has the manifest validated by krew's own program, where there is one, but for what would be downloaded.
func krew(t *testing.T, m made) {
	binary := os.Getenv("KREW")
	if binary == "" {
		t.Skip("KREW names no validate-krew-manifest (make test-release-tools builds one)")
	}
	run(t, m.dist, binary, "-manifest="+filepath.Join(m.dist, "tlsward.yaml"), "-skip-install")
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func decode(t *testing.T, raw []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("%v in %.300s", err, raw)
	}
}

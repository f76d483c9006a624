package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestVersions(t *testing.T) {
	for version, want := range map[string]string{
		"0.2.0": "0.2.0", "v0.2.0": "0.2.0", "v1.0.0-rc.1": "1.0.0-rc.1",
		"": "version", "7e90c53": "version", "1.0": "version", "1.0.0+x": "no tag of a registry may have a +",
	} {
		p := plan{Source: ".", Version: version}
		err := p.complete(t.Context())
		if err != nil {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v", version, err)
			}
			continue
		}
		if p.Version != want {
			t.Errorf("%q: %q, want %q", version, p.Version, want)
		}
	}
}

func TestPlatforms(t *testing.T) {
	if _, err := parsePlatforms(defaultPlatforms()); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"linux", "linux/", "/amd64"} {
		if _, err := parsePlatforms([]string{bad}); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

// TestPackedBy: the archives' bytes are those of one Go.
func TestPackedBy(t *testing.T) {
	p := plan{toolchain: "go1.26.8"}
	for version, want := range map[string]string{
		"go1.26.8": "", "go1.26.8 X:nodwarf5": "", "go1.26.9": "GOTOOLCHAIN=go1.26.8", "go1.27": "GOTOOLCHAIN=go1.26.8", "devel go1.27-abc": "GOTOOLCHAIN=go1.26.8",
	} {
		if err := p.packedBy(version); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", version, err)
		}
	}
}

// TestManualIsPacked: beside the program, but for Windows, in the order of names and with the commit's day.
func TestManualIsPacked(t *testing.T) {
	work := t.TempDir()
	program := filepath.Join(work, "program")
	script := "#!/bin/sh\nmkdir -p \"$2\"; echo \"$3\" > \"$2/tlsward.1\"; echo check > \"$2/tlsward-check.1\"\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	p := plan{Source: "../..", Dist: t.TempDir(), Version: "9.8.7", commit: commit{Time: time.Date(2027, 1, 31, 23, 0, 0, 0, time.UTC)}}
	pages, err := p.manual(t.Context(), work, []built{{platform: platform{runtime.GOOS, runtime.GOARCH}, binary: program}})
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) != 2 || pages[0].Name != "man/man1/tlsward-check.1" || string(pages[1].Data) != "--date=2027-01-31\n" {
		t.Errorf("the pages are %q", pages)
	}
	for system, want := range map[string]string{"darwin": "x.tar.gz", "windows": "x.zip"} {
		name, err := p.pack(built{platform: platform{system, "arm64"}, binary: program}, "x", pages)
		if err != nil || name != want {
			t.Fatalf("%s: %q (%v)", system, name, err)
		}
		raw, err := os.ReadFile(filepath.Join(p.Dist, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(namesIn(t, name, raw), " "); got != map[string]string{
			"darwin":  "tlsward LICENSE README.md man/man1/tlsward-check.1 man/man1/tlsward.1",
			"windows": "tlsward.exe LICENSE README.md"}[system] {
			t.Errorf("%s has %s", name, got)
		}
	}
}

// namesIn returns the names of an archive's files.
func namesIn(t *testing.T, name string, raw []byte) (names []string) {
	t.Helper()
	if strings.HasSuffix(name, ".zip") {
		r, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.File {
			names = append(names, f.Name)
		}
		return names
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(unpacked); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, header.Name)
	}
}

// TestMayReplace: what is no release is not deleted.
func TestMayReplace(t *testing.T) {
	dist := filepath.Join(t.TempDir(), "dist")
	if err := mayReplace(dist); err != nil {
		t.Errorf("where nothing is: %v", err)
	}
	if err := os.Mkdir(dist, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dist, "thesis.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := mayReplace(dist); err == nil {
		t.Error("a directory that is no release may go")
	}
	if _, err := newShelf(filepath.Join(dist, "oci")); err != nil {
		t.Fatal(err)
	}
	if err := mayReplace(dist); err != nil {
		t.Errorf("where a release is: %v", err)
	}
}

// TestArchivesAreTheSameTwice: neither the clock nor the file system shows.
func TestArchivesAreTheSameTwice(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	files := []file{{"tlsward", 0o755, []byte("program")}, {"LICENSE", 0o644, []byte("licence")}}
	for name, pack := range map[string]func([]file, time.Time) ([]byte, error){"tar.gz": tarred, "zip": zipped} {
		one, err := pack(files, at)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
		two, err := pack(files, at.In(time.FixedZone("elsewhere", 3600)))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one, two) {
			t.Errorf("%s: two runs differ", name)
		}
	}
}

func newKey(t *testing.T) (*signer, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &signer{key}, path
}

func TestSignatures(t *testing.T) {
	want, path := newKey(t)
	s, err := readSigner(path)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("RELEASE_TEST_KEY", string(pem))
	if again, err := readSigner("env://RELEASE_TEST_KEY"); err != nil || !again.key.Equal(s.key) {
		t.Errorf("from the environment: %v", err)
	}
	one, err := s.signBase64([]byte("words"))
	if err != nil {
		t.Fatal(err)
	}
	two, err := s.signBase64([]byte("words"))
	if err != nil {
		t.Fatal(err)
	}
	if one != two {
		t.Error("two signatures of the same differ")
	}
	raw, err := base64.StdEncoding.DecodeString(one)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("words"))
	if !ecdsa.VerifyASN1(&want.key.PublicKey, sum[:], raw) {
		t.Error("the signature is not the key's")
	}
}

func TestKeysThatAreNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key.pem")
	for text, names := range map[string]string{
		"": "no PEM",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n": "neither SEC 1 nor PKCS #8",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readSigner(path); err == nil || !strings.Contains(err.Error(), names) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestAuthenticated has the example of DSSE's specification.
func TestAuthenticated(t *testing.T) {
	got := string(authenticated("http://example.com/HelloWorld", []byte("hello world")))
	if want := "DSSEv1 29 http://example.com/HelloWorld 11 hello world"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestChart(t *testing.T) {
	p := plan{Source: "../..", Version: "9.8.7", commit: commit{Time: time.Unix(1, 0)}}
	digest := "sha256:" + strings.Repeat("ab", 32)
	c, err := p.chart(digest)
	if err != nil {
		t.Fatal(err)
	}
	a, err := c.artifact(nil)
	if err != nil {
		t.Fatal(err)
	}
	var config struct{ Name, Version, AppVersion string }
	if err := json.Unmarshal(a.config, &config); err != nil {
		t.Fatal(err)
	}
	if config.Name != "tlsward" || config.Version != "9.8.7" || config.AppVersion != "9.8.7" {
		t.Errorf("the config says %+v", config)
	}
}

func TestKrew(t *testing.T) {
	p := plan{Dist: t.TempDir(), Version: "9.8.7", Downloads: "https://r.example/files/"}
	if err := p.write("a.zip", []byte("words")); err != nil {
		t.Fatal(err)
	}
	got, err := p.krew([]built{{platform: platform{"windows", "amd64"}, archive: "a.zip"}, {platform: platform{"linux", "amd64"}, archive: "a.zip"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"version: v9.8.7\n", "uri: https://r.example/files/a.zip\n", "bin: tlsward.exe\n",
		"{os: windows, arch: amd64}", "bin: tlsward\n", `{from: "man/man1/*.1", to: man/man1}`, fmt.Sprintf("sha256: %x\n", sha256.Sum256([]byte("words")))} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

func TestReplaceOnce(t *testing.T) {
	if _, err := replaceOnce([]byte("a\na\n"), `(?m)^a$`, "b"); err == nil {
		t.Error("two are replaced")
	}
	if _, err := replaceOnce([]byte("c\n"), `(?m)^a$`, "b"); err == nil {
		t.Error("none is replaced")
	}
}

//go:build release

package release

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"debug/buildinfo"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// verify fails unless the signature of data is the release's.
func (m made) verify(t *testing.T, data []byte, signature string) {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(data); !ecdsa.VerifyASN1(m.key, sum[:], raw) {
		t.Errorf("the signature is not the key's: %.200s", data)
	}
}

func writeOtherKey(t *testing.T, path string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, path, "PUBLIC KEY", der)
}

// manifest is what image, index and artifact have of the registry's manifests.
type manifest struct {
	digest    string
	Config    descriptor
	Layers    []descriptor
	Manifests []descriptor
}

type descriptor struct {
	Digest      string
	Annotations map[string]string
	Platform    struct{ OS, Architecture string }
}

// get returns what the registry answers, by its own API.
func (m made) get(t *testing.T, repository, kind, reference string) []byte {
	t.Helper()
	host, prefix, _ := strings.Cut(m.repository, "/")
	answer, err := http.Get("http://" + host + "/v2/" + prefix + "/" + repository + "/" + kind + "/" + reference)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s of %s/%s: %s", kind, repository, reference, answer.Status)
	}
	return raw
}

// manifest pulls a manifest by its tag or digest.
func (m made) manifest(t *testing.T, repository, reference string) (out manifest) {
	t.Helper()
	raw := m.get(t, repository, "manifests", reference)
	decode(t, raw, &out)
	out.digest = fmt.Sprintf("sha256:%x", sha256.Sum256(raw))
	return out
}

func (m made) digest(t *testing.T, repository string) string {
	return m.manifest(t, repository, version).digest
}

// attached returns what cosign would find beside the digest of a name.
func (m made) attached(t *testing.T, repository, digest, suffix string) (blobs [][]byte, descriptors []descriptor) {
	t.Helper()
	found := m.manifest(t, repository, strings.Replace(digest, ":", "-", 1)+"."+suffix)
	for _, d := range found.Layers {
		blobs = append(blobs, m.get(t, repository, "blobs", d.Digest))
	}
	return blobs, found.Layers
}

// linux returns the manifest of the image for linux/amd64.
func (m made) linux(t *testing.T) manifest {
	t.Helper()
	index := m.manifest(t, "tlsward", version)
	if len(index.Manifests) != 1 || index.Manifests[0].Platform.OS != "linux" || index.Manifests[0].Platform.Architecture != "amd64" {
		t.Fatalf("the index has %+v", index.Manifests)
	}
	return m.manifest(t, "tlsward", index.Manifests[0].Digest)
}

// image runs what the image runs, and finds in the SBOM what that was built from.
func image(t *testing.T, m made) {
	found := m.linux(t)
	var config struct {
		Config struct {
			User       string
			Entrypoint []string
			Labels     map[string]string
		}
	}
	decode(t, m.get(t, "tlsward", "blobs", found.Config.Digest), &config)
	if c := config.Config; c.User != "65532:65532" || !slices.Equal(c.Entrypoint, []string{"/tlsward"}) ||
		c.Labels["org.opencontainers.image.version"] != version {
		t.Errorf("the image's config is %+v", c)
	}
	got := unpack(t, m.get(t, "tlsward", "blobs", found.Layers[0].Digest))
	if !strings.Contains(string(got["etc/passwd"]), ":65532:65532:") {
		t.Errorf("/etc/passwd is %q", got["etc/passwd"])
	}
	program := filepath.Join(t.TempDir(), "tlsward")
	if err := os.WriteFile(program, got["tlsward"], 0o700); err != nil {
		t.Fatal(err)
	}
	if got := run(t, ".", program, "--version"); got != "tlsward "+version+"\n" {
		t.Errorf("--version prints %q", got)
	}
	listed(t, m, program)
}

// listed fails unless the SBOM has the modules of the program, and no others.
func listed(t *testing.T, m made, program string) {
	t.Helper()
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	var bom struct {
		Components []struct{ Name, Version, PURL string }
	}
	decode(t, read(t, m.dist, "tlsward_"+version+"_linux_amd64.cdx.json"), &bom)
	urls := map[string]bool{}
	for _, c := range bom.Components {
		urls[c.PURL] = true
	}
	for _, d := range info.Deps {
		if url := fmt.Sprintf("pkg:golang/%s@%s", d.Path, d.Version); !urls[url] {
			t.Errorf("the SBOM lacks %s", url)
		}
	}
	if len(bom.Components) != len(info.Deps)+1 { // Go's own library
		t.Errorf("%d modules, and %d components", len(info.Deps), len(bom.Components))
	}
}

func unpack(t *testing.T, layer []byte) map[string][]byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(layer))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for archive := tar.NewReader(r); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(archive); err != nil {
			t.Fatal(err)
		}
	}
}

// signatures verifies those of the image, its part for linux/amd64, and the chart.
func signatures(t *testing.T, m made) {
	for _, c := range []struct{ repository, digest string }{
		{"tlsward", m.digest(t, "tlsward")},
		{"tlsward", m.linux(t).digest},
		{"charts/tlsward", m.digest(t, "charts/tlsward")},
	} {
		payloads, descriptors := m.attached(t, c.repository, c.digest, "sig")
		if len(payloads) != 1 {
			t.Fatalf("%d signatures", len(payloads))
		}
		m.verify(t, payloads[0], descriptors[0].Annotations["dev.cosignproject.cosign/signature"])
		var said struct {
			Critical struct {
				Image struct {
					Digest string `json:"docker-manifest-digest"`
				}
			}
		}
		decode(t, payloads[0], &said)
		if said.Critical.Image.Digest != c.digest {
			t.Errorf("%s is signed beside %s", said.Critical.Image.Digest, c.digest)
		}
	}
}

// attestations verifies provenance and SBOM of the image.
func attestations(t *testing.T, m made) {
	digest := strings.TrimPrefix(m.digest(t, "tlsward"), "sha256:")
	sealed, _ := m.attached(t, "tlsward", "sha256:"+digest, "att")
	var types []string
	for _, raw := range sealed {
		var envelope struct {
			PayloadType, Payload string
			Signatures           []struct{ Sig string }
		}
		decode(t, raw, &envelope)
		payload, err := base64.StdEncoding.DecodeString(envelope.Payload)
		if err != nil {
			t.Fatal(err)
		}
		m.verify(t, fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(envelope.PayloadType), envelope.PayloadType, len(payload), payload), envelope.Signatures[0].Sig)
		var statement struct {
			Subject       []struct{ Digest map[string]string }
			PredicateType string
		}
		decode(t, payload, &statement)
		if !slices.ContainsFunc(statement.Subject, func(s struct{ Digest map[string]string }) bool { return s.Digest["sha256"] == digest }) {
			t.Errorf("%s is not about the image", statement.PredicateType)
		}
		types = append(types, statement.PredicateType)
	}
	if want := []string{"https://slsa.dev/provenance/v1", "https://cyclonedx.org/bom"}; !slices.Equal(types, want) {
		t.Errorf("attested are %v, want %v", types, want)
	}
}

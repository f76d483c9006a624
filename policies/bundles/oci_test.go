package bundles

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/memory"
	orasremote "oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/tlsward/tlsward/policies"
)

// ociRegistry is a registry on loopback, for who knows the password.
type ociRegistry struct {
	address string
	down    atomic.Bool
}

const user, password = "ci", "letmein"

func startRegistry(t *testing.T) *ociRegistry {
	t.Helper()
	r := &ociRegistry{}
	images := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		name, secret, _ := req.BasicAuth()
		switch {
		case r.down.Load():
			http.Error(w, "down", http.StatusServiceUnavailable)
		case name != user || secret != password:
			w.Header().Set("WWW-Authenticate", `Basic realm="images"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
		default:
			images.ServeHTTP(w, req)
		}
	}))
	t.Cleanup(server.Close)
	r.address = server.Listener.Addr().String()
	return r
}

// push does what `oras push ADDRESS/policies/mine:TAG --config config.json:application/vnd.oci.image.config.v1+json
// bundle.tar.gz:application/vnd.oci.image.layer.v1.tar+gzip` does, and returns the image's digest.
func (r *ociRegistry) push(t *testing.T, tag, mediaType string, bundle []byte) string {
	t.Helper()
	local := memory.New()
	config, err := oras.PushBytes(t.Context(), local, ocispec.MediaTypeImageConfig, []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	layer, err := oras.PushBytes(t.Context(), local, mediaType, bundle)
	if err != nil {
		t.Fatal(err)
	}
	layer.Annotations = map[string]string{ocispec.AnnotationTitle: "bundle.tar.gz"}
	image, err := oras.PackManifest(t.Context(), local, oras.PackManifestVersion1_1, "", oras.PackManifestOptions{
		ConfigDescriptor: &config, Layers: []ocispec.Descriptor{layer},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := local.Tag(t.Context(), image, tag); err != nil {
		t.Fatal(err)
	}
	repository, err := orasremote.NewRepository(r.address + "/policies/mine")
	if err != nil {
		t.Fatal(err)
	}
	repository.PlainHTTP = true
	repository.Client = &auth.Client{Credential: auth.StaticCredential(r.address, auth.Credential{Username: user, Password: password})}
	if _, err := oras.Copy(t.Context(), local, tag, repository, tag, oras.DefaultCopyOptions); err != nil {
		t.Fatal(err)
	}
	return image.Digest.String()
}

// config is OPA's configuration for a signed bundle in the registry. reference is ":tag" or "@digest".
func (r *ociRegistry) config(reference, secret, more string) []byte {
	return []byte(fmt.Sprintf(`
services:
  images:
    type: oci
    url: http://%s
    credentials: {bearer: {scheme: Basic, token: "%s:%s"}}
keys: {k: {algorithm: HS256, key: secret}}
bundles:
  mine:
    service: images
    resource: %[1]s/policies/mine%[4]s
    signing: {keyid: k}
    polling: {min_delay_seconds: 1, max_delay_seconds: 1}
%[5]s`, r.address, user, secret, reference, more))
}

// follow has a reloader look whenever the service says so, until what it says of the policies is want; "" is nothing.
func follow(t *testing.T, s *Service, reloader *policies.Reloader, want string) {
	t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case <-s.Changed():
		case <-late:
			t.Fatalf("the policies' state is %v, want %q", reloader.ActivationError(), want)
		}
		_, err := reloader.Refresh(t.Context())
		if err == nil && want == "" || err != nil && want != "" && strings.Contains(err.Error(), want) {
			return
		}
	}
}

func TestABundleFromARegistryIsFollowed(t *testing.T) {
	images := startRegistry(t)
	good := build(t, policy, "secret")
	images.push(t, "stable", ocispec.MediaTypeImageLayerGzip, good)
	s := start(t, images.config(":stable", password, ""))
	if err := wait(t, s, time.Minute); err != nil {
		t.Fatal(err)
	}
	reloader, err := policies.NewReloader(t.Context(), nil, s)
	if err != nil {
		t.Fatal(err)
	}
	if got := firstMessage(t, reloader.Engine()); got != "never" {
		t.Fatalf("got %q, want the bundle's policy with the bundle's data", got)
	}
	for _, tc := range []struct {
		name, mediaType string
		bundle          []byte
		want            string
	}{
		{"signed with another key", "", build(t, policy, "other"), "bundle mine: "},
		{"not signed", "", build(t, policy, ""), "bundle mine: "},
		{"no bundle at all", "", []byte("no bundle"), "bundle mine: "},
		{"a layer of another type", "application/vnd.example+gzip", build(t, policy, "secret"), "no tarball descriptor"},
		{"a field is misspelt", "", build(t, strings.Replace(policy, "data.words.no", "input.request.nmae", 1), "secret"),
			"mine/policy.rego:10: undefined ref: input.request.nmae"},
	} {
		mediaType := tc.mediaType
		if mediaType == "" {
			mediaType = ocispec.MediaTypeImageLayerGzip
		}
		images.push(t, "stable", mediaType, tc.bundle)
		follow(t, s, reloader, tc.want)
		if got := firstMessage(t, reloader.Engine()); got != "never" {
			t.Errorf("%s: %q is in force, want the last good one", tc.name, got)
		}
	}
	images.push(t, "stable", ocispec.MediaTypeImageLayerGzip, good)
	follow(t, s, reloader, "") // the tag is put back
	images.push(t, "stable", ocispec.MediaTypeImageLayerGzip, build(t, strings.Replace(policy, "data.words.no", `"not today"`, 1), "secret"))
	for late := time.Now().Add(time.Minute); firstMessage(t, reloader.Engine()) != "not today"; {
		if time.Now().After(late) {
			t.Fatal("the new image is not in force")
		}
		follow(t, s, reloader, "")
	}
}

func TestAnImageNamedByItsDigestStays(t *testing.T) {
	images := startRegistry(t)
	digest := images.push(t, "stable", ocispec.MediaTypeImageLayerGzip, build(t, policy, "secret"))
	images.push(t, "stable", ocispec.MediaTypeImageLayerGzip, build(t, strings.Replace(policy, "data.words.no", `"moved"`, 1), "secret"))
	s := start(t, images.config("@"+digest, password, ""))
	if err := wait(t, s, time.Minute); err != nil {
		t.Fatal(err)
	}
	e, err := policies.New(t.Context(), nil, s)
	if err != nil {
		t.Fatal(err)
	}
	if got := firstMessage(t, e); got != "never" {
		t.Errorf("got %q, want the policy of the digest, wherever the tag has gone", got)
	}
}

func TestARegistryThatKnowsUsNotIsSaid(t *testing.T) {
	images := startRegistry(t)
	images.push(t, "stable", ocispec.MediaTypeImageLayerGzip, build(t, policy, "secret"))
	s := start(t, images.config(":stable", "wrong", ""))
	if err := wait(t, s, 3*time.Second); err == nil || !strings.Contains(err.Error(), "credential") {
		t.Errorf("got %v, want to hear of the credentials", err)
	}
}

// Careless: a program that starts while the registry is down, with all it needs on its disk, does not start.
func TestABundleOnDiskStandsInForItsServer(t *testing.T) {
	images := startRegistry(t)
	images.push(t, "stable", ocispec.MediaTypeImageLayerGzip, build(t, policy, "secret"))
	dir := t.TempDir()
	config := images.config(":stable", password, "    persist: true\npersistence_directory: "+dir+"\n")
	first := start(t, config)
	if err := wait(t, first, time.Minute); err != nil {
		t.Fatal(err)
	}
	first.Stop(t.Context())
	images.down.Store(true)

	s := start(t, config)
	<-s.Changed() // the registry has failed once
	if err := wait(t, s, time.Minute); err != nil {
		t.Fatalf("the bundle on disk is not taken: %v", err)
	}
	reloader, err := policies.NewReloader(t.Context(), nil, s)
	if err != nil {
		t.Fatal(err)
	}
	if got := firstMessage(t, reloader.Engine()); got != "never" {
		t.Errorf("got %q, want the policy on disk", got)
	}
	if err := reloader.ActivationError(); err == nil || !strings.Contains(err.Error(), "bundle mine") {
		t.Errorf("got %v, want to hear that the bundle could not be renewed", err)
	}
	images.down.Store(false)
	follow(t, s, reloader, "")
}

func TestARegistryNeedsADirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	images := startRegistry(t)
	err := func() error {
		s, err := New(t.Context(), images.config(":stable", password, "persistence_directory: "+file+"\n"), quiet())
		if err != nil {
			return err
		}
		defer s.Stop(t.Context())
		return s.Start(t.Context())
	}()
	if err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v, want an error that names the directory", err)
	}
}

package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// TestArtifactsOfSeveralPlatforms: the image has all that are Linux, and each is signed and has its SBOM.
func TestArtifactsOfSeveralPlatforms(t *testing.T) {
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	key, _ := newKey(t)
	p := plan{Source: "../..", Dist: t.TempDir(), Version: "9.8.7", Signer: key, commit: commit{Time: time.Unix(1, 0)}}
	var programs []built
	for _, target := range []platform{{"linux", "amd64"}, {"linux", "arm64"}, {"windows", "amd64"}} {
		programs = append(programs, built{platform: target, binary: binary, sbom: []byte("{}")})
	}
	var out strings.Builder
	if err := p.artifacts(programs, &out); err != nil {
		t.Fatal(err)
	}
	shelf, err := layout.ImageIndexFromPath(p.Dist + "/oci")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := shelf.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	index, err := shelf.ImageIndex(entries.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Manifests) != 2 || manifest.Manifests[1].Platform.String() != "linux/arm64" {
		t.Errorf("the image is for %+v", manifest.Manifests)
	}
	signatures, attestations := 0, 0
	for _, e := range entries.Manifests {
		switch name := e.Annotations[refName]; {
		case strings.HasSuffix(name, ".sig"):
			signatures++
		case strings.HasSuffix(name, ".att"):
			image, err := shelf.Image(e.Digest)
			if err != nil {
				t.Fatal(err)
			}
			layers, err := image.Layers()
			if err != nil {
				t.Fatal(err)
			}
			attestations = len(layers)
		}
	}
	if signatures != 4 || attestations != 3 { // index, two parts, chart; provenance, two SBOMs
		t.Errorf("%d signatures and %d attestations", signatures, attestations)
	}
}

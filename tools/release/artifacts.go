package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// What a release is called in a registry, behind the host and whatever else goes before it.
const (
	imageName = "tlsward"
	chartName = "charts/tlsward"
	home      = "https://github.com/tlsward/tlsward"
)

// artifacts makes image, chart and what is said about both, and writes them into an OCI layout beside the files.
func (p plan) artifacts(programs []built, out io.Writer) error {
	annotations := p.annotations()
	index, err := p.index(programs, annotations)
	if err != nil {
		return err
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	c, err := p.chart(digest.String())
	if err != nil {
		return fmt.Errorf("pack the chart: %w", err)
	}
	if err := p.write("tlsward-"+p.Version+".tgz", c.archive); err != nil {
		return err
	}
	chartArtifact, err := c.artifact(annotations)
	if err != nil {
		return err
	}
	chartImage, err := chartArtifact.image()
	if err != nil {
		return err
	}
	l, err := newShelf(filepath.Join(p.Dist, "oci"))
	if err != nil {
		return err
	}
	if err := l.path.AppendIndex(index, called(imageName, p.Version)); err != nil {
		return err
	}
	if err := l.path.AppendImage(chartImage, called(chartName, p.Version)); err != nil {
		return err
	}
	chartDigest, err := chartImage.Digest()
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "%s:%s@%s\n%s:%s@%s\n", imageName, p.Version, digest, chartName, p.Version, chartDigest); err != nil {
		return err
	}
	return p.vouch(l, programs, index, chartDigest.String())
}

// annotations are those of index, images and chart: https://specs.opencontainers.org/image-spec/annotations/
func (p plan) annotations() map[string]string {
	const prefix = "org.opencontainers.image."
	return map[string]string{
		prefix + "title":       "tlsward",
		prefix + "description": "Admission control for egress TLS on Istio",
		prefix + "version":     p.Version,
		prefix + "revision":    p.commit.ID,
		prefix + "created":     p.commit.Time.Format(time.RFC3339),
		prefix + "licenses":    "Apache-2.0",
		prefix + "source":      home,
		prefix + "url":         home,
	}
}

// shelf is the OCI layout of a release. Each entry of its index.json is annotated with what a registry shall call it:
// to push a release is to go through them.
type shelf struct{ path layout.Path }

const refName = "org.opencontainers.image.ref.name"

func called(name, tag string) layout.Option {
	return layout.WithAnnotations(map[string]string{refName: name + ":" + tag})
}

// attached names what cosign looks for beside a digest: "sig" for signatures, "att" for attestations.
func attached(name, digest, suffix string) layout.Option {
	return called(name, strings.Replace(digest, ":", "-", 1)+"."+suffix)
}

// add puts an artifact on the shelf.
func (s shelf) add(a *artifact, as layout.Option) error {
	image, err := a.image()
	if err != nil {
		return err
	}
	return s.path.AppendImage(image, as)
}

// subjects returns what a release consists of: all files so far, the image, and its parts for each platform.
func (p plan) subjects(index v1.ImageIndex, chartDigest string) ([]subject, error) {
	digest, err := index.Digest()
	if err != nil {
		return nil, err
	}
	all := []subject{subjectOf(imageName, digest.String()), subjectOf(chartName, chartDigest)}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	for _, m := range manifest.Manifests {
		all = append(all, subjectOf(imageName, m.Digest.String()))
	}
	sums, err := checksums(p.Dist)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(sums)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		if !strings.HasPrefix(name, "oci/") {
			all = append(all, subjectOf(name, "sha256:"+sum))
		}
	}
	return all, nil
}

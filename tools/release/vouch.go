package main

import (
	"encoding/json"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// newShelf makes an empty OCI layout.
func newShelf(dir string) (shelf, error) {
	path, err := layout.Write(dir, empty.Index)
	return shelf{path}, err
}

// vouch writes the provenance, and, where there is a key, signs image and chart, and attests to the image its provenance
// and what it contains.
func (p plan) vouch(s shelf, programs []built, index v1.ImageIndex, chartDigest string) error {
	subjects, err := p.subjects(index, chartDigest)
	if err != nil {
		return err
	}
	provenance, err := p.provenance(subjects)
	if err != nil {
		return err
	}
	if err := p.write("provenance.json", append(provenance, '\n')); err != nil {
		return err
	}
	if p.Signer == nil {
		return nil
	}
	sealed, err := p.Signer.seal(provenance)
	if err != nil {
		return err
	}
	if err := p.write("provenance.intoto.jsonl", append(sealed, '\n')); err != nil {
		return err
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	if err := p.sign(s, index, chartDigest); err != nil {
		return err
	}
	attestations, err := p.attestations(sealed, programs, index)
	if err != nil {
		return err
	}
	return s.add(attestations, attached(imageName, digest.String(), "att"))
}

// sign puts a signature beside the image, its parts for each platform, and the chart.
func (p plan) sign(s shelf, index v1.ImageIndex, chartDigest string) error {
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	images := []string{digest.String()}
	for _, m := range manifest.Manifests {
		images = append(images, m.Digest.String())
	}
	for _, image := range images {
		if err := p.signOne(s, imageName, image); err != nil {
			return err
		}
	}
	return p.signOne(s, chartName, chartDigest)
}

func (p plan) signOne(s shelf, name, digest string) error {
	payload, err := simpleSigning(name, digest)
	if err != nil {
		return err
	}
	sig, err := p.Signer.signBase64(payload)
	if err != nil {
		return err
	}
	a := newAttachment()
	a.add("application/vnd.dev.cosign.simplesigning.v1+json", payload, map[string]string{signatureAnnotation: sig})
	return s.add(a, attached(name, digest, "sig"))
}

// signatureAnnotation holds the signature of a layer. That of an envelope is in the envelope.
const signatureAnnotation = "dev.cosignproject.cosign/signature"

// attestations returns the provenance, and an SBOM for each platform of the image. Each is about the index as well as
// its part, so that cosign finds them by the tag.
func (p plan) attestations(provenance []byte, programs []built, index v1.ImageIndex) (*artifact, error) {
	a := newAttachment()
	attest := func(predicateType string, sealed []byte) {
		a.add("application/vnd.dsse.envelope.v1+json", sealed, map[string]string{signatureAnnotation: "", "predicateType": predicateType})
	}
	attest(provenanceType, provenance)
	digest, err := index.Digest()
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	for _, m := range manifest.Manifests {
		for _, b := range programs {
			if b.platform != (platform{m.Platform.OS, m.Platform.Architecture}) {
				continue
			}
			raw, err := json.Marshal(statement{"https://in-toto.io/Statement/v1",
				[]subject{subjectOf(imageName, digest.String()), subjectOf(imageName, m.Digest.String())}, sbomType, json.RawMessage(b.sbom)})
			if err != nil {
				return nil, fmt.Errorf("SBOM for %s: %w", b.platform, err)
			}
			sealed, err := p.Signer.seal(raw)
			if err != nil {
				return nil, err
			}
			attest(sbomType, sealed)
		}
	}
	return a, nil
}

// newAttachment returns what cosign keeps signatures and attestations in: an image without a root.
func newAttachment() *artifact {
	return newArtifact(types.OCIConfigJSON, []byte(`{"architecture":"","os":"","config":{},"rootfs":{"type":"layers","diff_ids":[]}}`), nil)
}

package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// artifact is something in a registry that is no container image: a manifest, a config, and blobs.
type artifact struct {
	manifest v1.Manifest
	config   []byte
	blobs    map[v1.Hash]v1.Layer
}

// newArtifact returns an artifact without blobs.
func newArtifact(configType types.MediaType, config []byte, annotations map[string]string) *artifact {
	return &artifact{config: config, blobs: map[v1.Hash]v1.Layer{}, manifest: v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Annotations: annotations,
		Layers: []v1.Descriptor{}, Config: described(configType, config, nil)}}
}

// add appends a blob.
func (a *artifact) add(mediaType types.MediaType, data []byte, annotations map[string]string) {
	descriptor := described(mediaType, data, annotations)
	a.manifest.Layers = append(a.manifest.Layers, descriptor)
	a.blobs[descriptor.Digest] = static.NewLayer(data, mediaType)
}

func described(mediaType types.MediaType, data []byte, annotations map[string]string) v1.Descriptor {
	digest, size, _ := v1.SHA256(bytes.NewReader(data)) // reading memory does not fail
	return v1.Descriptor{MediaType: mediaType, Digest: digest, Size: size, Annotations: annotations}
}

// image returns the artifact as what go-containerregistry writes and pushes.
func (a *artifact) image() (v1.Image, error) { return partial.CompressedToImage(a) }

// RawConfigFile returns the config.
func (a *artifact) RawConfigFile() ([]byte, error) { return a.config, nil }

// MediaType returns that of the manifest.
func (a *artifact) MediaType() (types.MediaType, error) { return a.manifest.MediaType, nil }

// RawManifest returns the manifest.
func (a *artifact) RawManifest() ([]byte, error) { return json.Marshal(a.manifest) }

// LayerByDigest returns a blob.
func (a *artifact) LayerByDigest(digest v1.Hash) (partial.CompressedLayer, error) {
	blob, ok := a.blobs[digest]
	if !ok {
		return nil, fmt.Errorf("no blob %s", digest)
	}
	return blob, nil
}

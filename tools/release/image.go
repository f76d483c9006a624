package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// user is the one that the program runs as: the "nonroot" of distroless images.
const user = "65532"

// index returns the image for all Linux platforms among programs.
func (p plan) index(programs []built, annotations map[string]string) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, b := range programs {
		if b.platform.OS != "linux" {
			continue
		}
		image, err := p.image(b, annotations)
		if err != nil {
			return nil, fmt.Errorf("image for %s: %w", b.platform, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: b.platform.OS, Architecture: b.platform.Arch}}})
	}
	return mutate.Annotations(index, annotations).(v1.ImageIndex), nil
}

// image returns the image for one platform: the program, a user, and /tmp. CA roots are in the program.
func (p plan) image(b built, labels map[string]string) (v1.Image, error) {
	layer, err := p.layer(b)
	if err != nil {
		return nil, err
	}
	created := v1.Time{Time: p.commit.Time}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{Created: created, CreatedBy: "tools/release"}})
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.Created, config.OS, config.Architecture = created, b.platform.OS, b.platform.Arch
	config.Config = v1.Config{
		User:         user + ":" + user,
		Entrypoint:   []string{"/tlsward"},
		Cmd:          []string{"serve"},
		WorkingDir:   "/",
		ExposedPorts: map[string]struct{}{"9443/tcp": {}, "8080/tcp": {}, "8081/tcp": {}},
		Labels:       labels,
	}
	return mutate.ConfigFile(image, config)
}

// layer returns the files of the image.
func (p plan) layer(b built) (v1.Layer, error) {
	program, err := os.ReadFile(b.binary)
	if err != nil {
		return nil, err
	}
	files, err := untarred([]file{
		{Name: "etc/", Mode: 0o755},
		{Name: "etc/passwd", Mode: 0o644, Data: []byte("root:x:0:0:root:/:/sbin/nologin\ntlsward:x:" + user + ":" + user + ":tlsward:/:/sbin/nologin\n")},
		{Name: "etc/group", Mode: 0o644, Data: []byte("root:x:0:\ntlsward:x:" + user + ":\n")},
		{Name: "tmp/", Mode: 0o1777},
		{Name: "tlsward", Mode: 0o755, Data: program},
	}, p.commit.Time)
	if err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files)), nil }
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer))
}

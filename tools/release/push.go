package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// push pushes all that is in the OCI layout of a release, by the names that it has there, behind to.
func push(ctx context.Context, dist, to string, plain bool, out io.Writer) error {
	index, err := layout.ImageIndexFromPath(filepath.Join(dist, "oci"))
	if err != nil {
		return fmt.Errorf("open the release: %w", err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	var options []name.Option
	if plain {
		options = append(options, name.Insecure)
	}
	for _, m := range manifest.Manifests {
		ref, err := name.NewTag(to+"/"+m.Annotations[refName], append(options, name.StrictValidation)...)
		if err != nil {
			return err
		}
		if err := pushOne(ctx, index, m, ref); err != nil {
			return fmt.Errorf("push %s: %w", ref, err)
		}
		if _, err := fmt.Fprintf(out, "%s@%s\n", ref, m.Digest); err != nil {
			return err
		}
	}
	return nil
}

func pushOne(ctx context.Context, from v1.ImageIndex, m v1.Descriptor, ref name.Reference) error {
	options := []remote.Option{remote.WithContext(ctx), identity()}
	if m.MediaType.IsIndex() {
		index, err := from.ImageIndex(m.Digest)
		if err != nil {
			return err
		}
		return remote.WriteIndex(ref, index, options...)
	}
	image, err := from.Image(m.Digest)
	if err != nil {
		return err
	}
	return remote.Write(ref, image, options...)
}

// identity is who pushes: REGISTRY_USER with REGISTRY_PASSWORD, or whom `docker login` left.
func identity() remote.Option {
	if user := os.Getenv("REGISTRY_USER"); user != "" {
		return remote.WithAuth(&authn.Basic{Username: user, Password: os.Getenv("REGISTRY_PASSWORD")})
	}
	return remote.WithAuthFromKeychain(authn.DefaultKeychain)
}

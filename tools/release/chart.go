package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"

	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
)

// packed is the chart as it is released.
type packed struct {
	metadata *chart.Metadata
	// archive is what `helm package` makes.
	archive []byte
}

// chart packs the chart, with the release's version, and the digest of its image as the default of image.digest: what
// is installed is the image that was released with it, whatever its tag says by then.
func (p plan) chart(imageDigest string) (packed, error) {
	c, err := loader.Load(filepath.Join(p.Source, "charts", "tlsward"))
	if err != nil {
		return packed{}, err
	}
	if err := c.Validate(); err != nil {
		return packed{}, err
	}
	c.Metadata.Version, c.Metadata.AppVersion = p.Version, p.Version
	var files []file
	for _, f := range c.Raw {
		data := f.Data
		switch f.Name {
		case "Chart.yaml":
			if data, err = replaceOnce(data, `(?m)^version: .*$`, "version: "+p.Version); err == nil {
				data, err = replaceOnce(data, `(?m)^appVersion: .*$`, `appVersion: "`+p.Version+`"`)
			}
		case "values.yaml":
			data, err = replaceOnce(data, `(?m)^  digest: ""$`, "  digest: "+imageDigest)
		}
		if err != nil {
			return packed{}, fmt.Errorf("%s: %w", f.Name, err)
		}
		files = append(files, file{Name: c.Name() + "/" + f.Name, Mode: 0o644, Data: data})
	}
	archive, err := tarred(files, p.commit.Time)
	return packed{c.Metadata, archive}, err
}

// replaceOnce replaces what matches, which must be in text exactly once: comments and order stay as they are.
func replaceOnce(text []byte, pattern, by string) ([]byte, error) {
	expression := regexp.MustCompile(pattern)
	if n := len(expression.FindAll(text, -1)); n != 1 {
		return nil, fmt.Errorf("%s is there %d times", pattern, n)
	}
	return expression.ReplaceAllLiteral(text, []byte(by)), nil
}

// artifact returns the chart as registries keep it. https://helm.sh/docs/topics/registries/
func (c packed) artifact(annotations map[string]string) (*artifact, error) {
	config, err := json.Marshal(c.metadata)
	if err != nil {
		return nil, err
	}
	a := newArtifact("application/vnd.cncf.helm.config.v1+json", config, annotations)
	a.add("application/vnd.cncf.helm.chart.content.v1.tar+gzip", c.archive, nil)
	return a, nil
}

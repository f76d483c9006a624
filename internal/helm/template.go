package helm

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"

	"github.com/tlsward/tlsward/internal/manifests"
)

// tool is what the documents are rendered by.
const tool = "Helm"

// releaseName is what `helm template` calls a release that has no name.
const releaseName = "release-name"

// Release is a chart with what is said of its installation.
type Release struct {
	// Chart is a directory, or an archive.
	Chart string
	// Values are files of values; later ones go before earlier ones.
	Values []string
	// Namespace is that of the release.
	Namespace string
	// APIVersions are those that the cluster has beside Kubernetes' own, as "networking.istio.io/v1".
	APIVersions []string
}

// Template renders the chart as `helm template` does. Each object has the place of the template that it is from.
func Template(r Release) (manifests.File, error) {
	docs, err := r.documents()
	if err != nil {
		return manifests.File{}, fmt.Errorf("helm %s: %w", r.Chart, err)
	}
	return manifests.RenderedFile(r.Chart, docs), nil
}

func (r Release) documents() ([]manifests.Document, error) {
	c, err := loader.Load(r.Chart)
	if err != nil {
		return nil, fmt.Errorf("load the chart: %w", err)
	}
	if err := checkInstallable(c); err != nil {
		return nil, err
	}
	values, err := r.values()
	if err != nil {
		return nil, err
	}
	rendered, err := r.render(c, values)
	if err != nil {
		return nil, fmt.Errorf("render: %w", err)
	}
	var docs []manifests.Document
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(rendered)) {
		found, err := r.parse(c, name, rendered[name])
		docs, errs = append(docs, found...), append(errs, err)
	}
	return docs, errors.Join(errs...)
}

// checkInstallable returns an error for a chart that Helm would not install: a library, or one whose dependencies are not there.
func checkInstallable(c *chart.Chart) error {
	if c.Metadata.Type == "library" {
		return errors.New("it is a library, which makes no objects")
	}
	var missing []string
	for _, wanted := range c.Metadata.Dependencies {
		if !slices.ContainsFunc(c.Dependencies(), func(d *chart.Chart) bool { return d.Name() == wanted.Name }) {
			missing = append(missing, wanted.Name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("missing in charts/: %s (helm dependency build)", strings.Join(missing, ", "))
	}
	return nil
}

// values returns what the files of values say together.
func (r Release) values() (map[string]any, error) {
	all := map[string]any{}
	for _, name := range r.Values {
		raw, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("--values: %w", err)
		}
		values, err := common.ReadValues(raw)
		if err != nil {
			return nil, fmt.Errorf("--values: %s: %w", name, err)
		}
		all = loader.MergeMaps(all, values)
	}
	return all, nil
}

// render returns the texts that the templates make, by the names of the templates.
func (r Release) render(c *chart.Chart, values map[string]any) (map[string]string, error) {
	if err := chartutil.ProcessDependencies(c, values); err != nil {
		return nil, err
	}
	capabilities := common.DefaultCapabilities.Copy()
	capabilities.APIVersions = append(capabilities.APIVersions, r.APIVersions...)
	all, err := util.ToRenderValues(c, values, common.ReleaseOptions{Name: releaseName, Namespace: r.Namespace, Revision: 1, IsInstall: true}, capabilities)
	if err != nil {
		return nil, err
	}
	return engine.Render(c, all)
}

// parse returns the objects in what a template makes.
func (r Release) parse(c *chart.Chart, name, text string) ([]manifests.Document, error) {
	if extension := filepath.Ext(name); extension != ".yaml" && extension != ".yml" && extension != ".json" {
		return nil, nil // NOTES.txt, and what templates have in common
	}
	source := r.source(c, name)
	made, err := manifests.Parse(source+" (rendered)", []byte(text))
	if err != nil {
		return nil, err
	}
	lines := newLines(source)
	docs := make([]manifests.Document, len(made))
	for i, d := range made {
		if docs[i], err = (manifests.Document{File: source, Line: lines.next(d.Head.Kind)}).Render(d.Raw, tool); err != nil {
			return nil, err
		}
	}
	return docs, nil
}

// source returns the file of a template, whose name begins with that of the chart. Those of an archive are named below it.
func (r Release) source(c *chart.Chart, name string) string {
	return filepath.Join(r.Chart, filepath.FromSlash(strings.TrimPrefix(name, c.ChartFullPath()+"/")))
}

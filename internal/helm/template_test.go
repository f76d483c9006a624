package helm

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"

	"github.com/tlsward/tlsward/internal/manifests"
)

const (
	chartYAML = "apiVersion: v2\nname: mesh\nversion: 1.0.0\n"
	template  = `# the entry
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: {{ .Release.Name }}-{{ .Values.name }}, namespace: {{ .Release.Namespace }}}
{{- if .Values.rule }}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: {{ .Values.name }}}
{{- end }}
{{- range .Values.more }}
---
kind: ServiceEntry
apiVersion: networking.istio.io/v1
metadata: {name: {{ . }}}
{{- end }}
`
)

func TestTemplate(t *testing.T) {
	tests := []struct {
		name    string
		files   map[string]string
		release Release
		want    []string // "PLACE: KIND NAMESPACE/NAME"
	}{
		{"the chart's values", map[string]string{"Chart.yaml": chartYAML, "values.yaml": "name: a\nrule: true\n", "templates/a.yaml": template}, Release{Namespace: "shop"},
			[]string{"templates/a.yaml:2: ServiceEntry shop/release-name-a", "templates/a.yaml:7: DestinationRule a"}},
		{"later files of values go before earlier ones", map[string]string{"Chart.yaml": chartYAML, "values.yaml": "name: a\nrule: true\n", "templates/a.yaml": template,
			"one.yaml": "name: b\nrule: false\nmore: [p]\n", "two.yaml": "more: [q, r]\n"}, Release{Namespace: "shop", Values: []string{"one.yaml", "two.yaml"}},
			[]string{"templates/a.yaml:2: ServiceEntry shop/release-name-b", "templates/a.yaml:13: ServiceEntry q", "templates/a.yaml:13: ServiceEntry r"}},
		{"what the cluster has", map[string]string{"Chart.yaml": chartYAML, "templates/NOTES.txt": "{{ .Values }}", "templates/_a.tpl": "{{ define \"kind\" }}Sidecar{{ end }}",
			"templates/a.yaml": "{{ if .Capabilities.APIVersions.Has \"networking.istio.io/v1\" }}\napiVersion: networking.istio.io/v1\nkind: {{ include \"kind\" . }}\nmetadata: {name: a}\n{{ end }}"},
			Release{APIVersions: []string{"networking.istio.io/v1"}}, []string{"templates/a.yaml:1: Sidecar a"}},
		{"charts within", map[string]string{"Chart.yaml": chartYAML + "dependencies:\n- {name: in, version: 1.0.0, condition: in.enabled}\n- {name: out, version: 1.0.0, condition: out.enabled}\n",
			"values.yaml": "in: {enabled: true, name: b}\nout: {enabled: false}\n", "charts/in/Chart.yaml": strings.Replace(chartYAML, "mesh", "in", 1), "charts/in/templates/b.yaml": template,
			"charts/out/Chart.yaml": strings.Replace(chartYAML, "mesh", "out", 1), "charts/out/templates/c.yaml": template},
			Release{Namespace: "shop"}, []string{"charts/in/templates/b.yaml:2: ServiceEntry shop/release-name-b"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := in(t, test.files, test.release)
			if got := objects(t, r); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// in returns a release of the chart of some files, in a new directory.
func in(t *testing.T, files map[string]string, r Release) Release {
	t.Helper()
	r.Chart = t.TempDir()
	for name, text := range files {
		path := filepath.Join(r.Chart, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range r.Values {
		r.Values[i] = filepath.Join(r.Chart, name)
	}
	return r
}

func objects(t *testing.T, r Release) (list []string) {
	t.Helper()
	f, err := Template(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range manifests.ReadContents([]manifests.File{f}, nil).Documents {
		list = append(list, fmt.Sprintf("%s: %s", strings.TrimPrefix(d.Where(), r.Chart+"/"), d.Head))
		if d.RenderedBy != "Helm" {
			t.Errorf("rendered by %q", d.RenderedBy)
		}
	}
	return list
}

func TestTemplateOfAnArchive(t *testing.T) {
	r := in(t, map[string]string{"Chart.yaml": chartYAML, "values.yaml": "name: a\n", "templates/a.yaml": template}, Release{Namespace: "shop"})
	c, err := loader.Load(r.Chart)
	if err != nil {
		t.Fatal(err)
	}
	if r.Chart, err = chartutil.Save(c, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if got, want := objects(t, r), []string{"templates/a.yaml:1: ServiceEntry shop/release-name-a"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTemplateCannot(t *testing.T) {
	tests := []struct {
		name   string
		files  map[string]string
		values string
		want   string
	}{
		{"no chart", nil, "", "load the chart: "},
		{"a library", map[string]string{"Chart.yaml": chartYAML + "type: library\n"}, "", "it is a library"},
		{"a missing dependency", map[string]string{"Chart.yaml": chartYAML + "dependencies: [{name: a, version: 1.0.0}]\n"}, "", "missing in charts/: a "},
		{"no such values", map[string]string{"Chart.yaml": chartYAML}, "none.yaml", "--values: open "},
		{"values that are no YAML", map[string]string{"Chart.yaml": chartYAML, "v.yaml": "a: [\n"}, "v.yaml", "v.yaml: "},
		{"values that the chart refuses", map[string]string{"Chart.yaml": chartYAML, "values.schema.json": `{"required": ["name"]}`}, "", "name"},
		{"a template that fails", map[string]string{"Chart.yaml": chartYAML, "templates/a.yaml": `{{ required "a name" .Values.name }}`}, "", "a name"},
		{"a template that makes no YAML", map[string]string{"Chart.yaml": chartYAML, "templates/a.yaml": "a: b\n\tc: d\n"}, "", "templates/a.yaml (rendered):2: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := Release{}
			if test.values != "" {
				r.Values = []string{test.values}
			}
			r = in(t, test.files, r)
			_, err := Template(r)
			if err == nil || !strings.HasPrefix(err.Error(), "helm "+r.Chart+": ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

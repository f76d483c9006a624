package offline

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
)

// A MeshConfig among the files goes before the cluster's, and the configuration before both.
func TestMeshConfig(t *testing.T) {
	const (
		theirs = `{apiVersion: v1, kind: ConfigMap, metadata: {name: istio, namespace: istio-system}, data: {mesh: "rootNamespace: theirs"}}`
		file   = `{apiVersion: v1, kind: ConfigMap, metadata: {name: istio, namespace: istio-system}, data: {mesh: "{rootNamespace: file, trustDomain: file}"}}`
		inNone = `{apiVersion: v1, kind: ConfigMap, metadata: {name: istio}, data: {mesh: "rootNamespace: in-none"}}`
		canary = `{apiVersion: v1, kind: ConfigMap, metadata: {name: istio-canary, namespace: istio-system}, data: {mesh: "rootNamespace: canary"}}`
		noKey  = `{apiVersion: v1, kind: ConfigMap, metadata: {name: istio, namespace: istio-system}, data: {meshNetworks: "{}"}}`
	)
	for name, c := range map[string]struct {
		cluster, files      []string
		namespace, revision string
		root, trust         string
	}{
		"none":                                    {root: "istio-system", trust: "ours"},
		"the cluster's":                           {cluster: []string{theirs}, root: "theirs", trust: "ours"},
		"of a file":                               {files: []string{file}, root: "file", trust: "ours"},
		"of a file over the cluster's":            {cluster: []string{theirs}, files: []string{file}, root: "file", trust: "ours"},
		"the later of two files":                  {files: []string{theirs, file}, root: "file", trust: "ours"},
		"of a file in the namespace of all":       {files: []string{inNone}, namespace: "istio-system", root: "in-none", trust: "ours"},
		"in another namespace":                    {files: []string{inNone}, namespace: "shop", root: "istio-system", trust: "ours"},
		"of another revision":                     {files: []string{canary}, root: "istio-system", trust: "ours"},
		"of the revision":                         {files: []string{file, canary}, revision: "canary", root: "canary", trust: "ours"},
		"Istio's defaults over the cluster's own": {cluster: []string{theirs}, files: []string{noKey}, root: "istio-system", trust: "ours"},
	} {
		t.Run(name, func(t *testing.T) {
			config := v1alpha1.DefaultConfig()
			config.Mesh.TrustDomain, config.Mesh.Revision = "ours", c.revision
			below := cluster{namespace: c.namespace, controlPlane: parse(t, strings.Join(c.cluster, "\n---\n"))}
			m, err := below.mesh(&admission.Evaluator{Config: config}, parse(t, strings.Join(c.files, "\n---\n")), false)
			if err != nil {
				t.Fatal(err)
			}
			if s := m.Snapshot.Settings(); s.RootNamespace != c.root || s.TrustDomain != c.trust || len(m.Objects) > 0 {
				t.Errorf("root namespace %s, trust domain %s, %d objects", s.RootNamespace, s.TrustDomain, len(m.Objects))
			}
		})
	}
}

// The Deployment of istiod says the version and names a shared ConfigMap.
func TestDeploymentAmongTheFiles(t *testing.T) {
	docs := parse(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: shared, namespace: istio-system}, data: {mesh: "{rootNamespace: shared, trustDomain: shared}"}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: istio, namespace: istio-system}, data: {mesh: "trustDomain: own"}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: istiod, namespace: istio-system}, spec: {template: {spec: {containers: [{name: discovery,
  image: "istio/pilot:1.30.1", env: [{name: SHARED_MESH_CONFIG, value: shared}, {name: ISTIO_DUAL_STACK, value: "true"}]}]}}}}`)
	m, err := cluster{}.mesh(&admission.Evaluator{Config: v1alpha1.DefaultConfig()}, docs, false)
	if err != nil {
		t.Fatal(err)
	}
	if s := m.Snapshot.Settings(); s.RootNamespace != "shared" || s.TrustDomain != "own" || s.Version != mesh.Version130 {
		t.Errorf("%+v", s)
	}
	if len(m.Notes) != 1 || !strings.HasPrefix(m.Notes[0], "not followed: ISTIO_DUAL_STACK=true: ") {
		t.Errorf("notes %q", m.Notes)
	}
}

// The control planes of other revisions that have a Deployment or a MeshConfig are judged, too, each by its own. What the configuration
// says of the mesh goes before them all, but for what it says of the first one alone.
func TestOtherControlPlanesAmongTheFiles(t *testing.T) {
	const (
		own      = `{apiVersion: v1, kind: ConfigMap, metadata: {name: istio, namespace: istio-system}, data: {mesh: "rootNamespace: own"}}`
		canary   = `{apiVersion: v1, kind: ConfigMap, metadata: {name: istio-canary, namespace: istio-system}, data: {mesh: "{rootNamespace: canary, proxyHttpPort: 15002}"}}`
		deployed = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: istiod-next, namespace: istio-system}, spec: {template: {spec: {containers: [{name: discovery,
  image: "istio/pilot:1.30.1", env: [{name: SHARED_MESH_CONFIG, value: istio-shared}]}]}}}}`
		shared    = `{apiVersion: v1, kind: ConfigMap, metadata: {name: istio-shared, namespace: istio-system}, data: {mesh: "rootNamespace: shared"}}`
		injector  = `{apiVersion: v1, kind: ConfigMap, metadata: {name: istio-sidecar-injector, namespace: istio-system}, data: {values: "{}"}}`
		elsewhere = `{apiVersion: v1, kind: ConfigMap, metadata: {name: istio-canary, namespace: shop}, data: {mesh: "{}"}}`
	)
	docs := parse(t, strings.Join([]string{own, canary, deployed, shared, injector, elsewhere}, "\n---\n"))
	config := v1alpha1.DefaultConfig()
	config.Mesh.TrustDomain, config.Mesh.IstioVersion = "ours", "1.31"
	m, err := cluster{}.mesh(&admission.Evaluator{Config: config}, docs, false)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, one := range m.Snapshot.Meshes() {
		s := one.Settings()
		have = append(have, strings.Join([]string{one.Revision(), s.RootNamespace, s.TrustDomain, string(s.Version)}, " "))
	}
	if want := []string{"default own ours 1.31", "canary canary ours ", "next shared ours 1.30"}; !slices.Equal(have, want) {
		t.Errorf("meshes %q, want %q", have, want)
	}
	want := []string{"not followed: control plane canary: proxyHttpPort: what applications send to their proxy as to an HTTP proxy",
		"control planes of several revisions: canary, default, next; each object is judged in the mesh of each"}
	if !slices.Equal(m.Notes, want) {
		t.Errorf("notes %q, want %q", m.Notes, want)
	}
	config.Mesh.Revision, config.Mesh.IstioVersion = "canary", ""
	if m, err = (cluster{}).mesh(&admission.Evaluator{Config: config}, docs, false); err != nil {
		t.Fatal(err)
	}
	if all := m.Snapshot.Meshes(); len(all) != 3 || all[0].Revision() != "canary" || all[1].Revision() != "default" {
		t.Errorf("with the revision of another: %d meshes, the first of %s", len(all), all[0].Revision())
	}
	broken := parse(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: istio-canary, namespace: istio-system}, data: {mesh: "rootNamespace: 1"}}`)
	if _, err := (cluster{}).mesh(&admission.Evaluator{Config: config}, broken, false); err == nil || !strings.Contains(err.Error(), "ConfigMap istio-system/istio-canary: ") {
		t.Errorf("a broken one: %v", err)
	}
}

func TestMeshConfigIsNotFollowed(t *testing.T) {
	docs := parse(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: istio, namespace: istio-system}, data: {mesh: "proxyHttpPort: 15002"}}`)
	config := v1alpha1.DefaultConfig()
	config.Mesh.MeshConfig = map[string]any{"configSources": []any{map[string]any{"address": "k8s://"}}}
	m, err := cluster{}.mesh(&admission.Evaluator{Config: config}, docs, false)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"not followed: proxyHttpPort: what applications send to their proxy as to an HTTP proxy",
		"not followed: configSources: objects that are not in the cluster"}
	if !slices.Equal(m.Notes, want) {
		t.Errorf("notes %q, want %q", m.Notes, want)
	}
}

func TestMeshConfigNamesTheFile(t *testing.T) {
	for text, want := range map[string]string{
		`data: {mesh: "a: ["}`:               `key "mesh": `,
		`data: {mesh: "rootNamespace: 1"}`:   "read MeshConfig: ",
		`data: {mesh: {rootNamespace: one}}`: "json: cannot unmarshal object",
	} {
		docs := parse(t, "# a comment\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\n"+text)
		_, err := cluster{}.mesh(&admission.Evaluator{Config: v1alpha1.DefaultConfig()}, docs, false)
		if err == nil || !strings.Contains(err.Error(), ":2: ConfigMap istio-system/istio: "+want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// Services count as control planes' in istiod's namespace alone, by the namespace of all where they name none; and a bound holds.
func TestControlPlanesAreBounded(t *testing.T) {
	many := func(format string) []string {
		var docs []string
		for i := range 10 {
			docs = append(docs, strings.ReplaceAll(format, "NAME", fmt.Sprintf("istiod-r%d", i)))
		}
		return docs
	}
	const (
		tenants    = `{apiVersion: v1, kind: Service, metadata: {name: NAME, namespace: evil, labels: {app: istiod, istio.io/rev: NAME}}, spec: {ports: [{port: 80}]}}`
		inNone     = `{apiVersion: v1, kind: Service, metadata: {name: NAME, labels: {app: istiod, istio.io/rev: NAME}}, spec: {ports: [{port: 80}]}}`
		deployment = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: NAME, namespace: istio-system}}`
	)
	for _, c := range []struct {
		name, namespace string
		files           string
		meshes          int
		told            bool
	}{
		{"a tenant's", "istio-system", tenants, 1, false},
		{"of a namespace that is not istiod's", "evil", inNone, 1, false},
		{"of istiod's", "istio-system", inNone, 8, true},
		{"Deployments", "evil", deployment, 8, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			below := cluster{namespace: c.namespace}
			m, err := below.mesh(&admission.Evaluator{Config: v1alpha1.DefaultConfig()}, parse(t, strings.Join(many(c.files), "\n---\n")), false)
			if err != nil {
				t.Fatal(err)
			}
			if have := len(m.Snapshot.Meshes()); have != c.meshes {
				t.Errorf("%d meshes, want %d", have, c.meshes)
			}
			if slices.Contains(m.OutsideModel, "control planes of 3 more revisions: the first 8 are followed") != c.told {
				t.Errorf("told %q", m.OutsideModel)
			}
		})
	}
}

//go:build release

package release

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/test/chart/helm"
	"github.com/tlsward/tlsward/test/e2e/cluster"
)

const namespace = "tlsward-system"

// installed is a release in a cluster.
type installed struct {
	made
	helm    helm.Helm
	objects dynamic.Interface
	mapper  meta.RESTMapper
}

// installs takes the chart from the registry with helm, upgrades it to the next version, and has the program of the archive report,
// as a plugin of kubectl does.
func installs(t *testing.T, m made) {
	c, err := cluster.Start(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Stop() })
	if err := c.InstallCRDs(t.Context()); err != nil {
		t.Fatal(err)
	}
	i := installed{made: m}
	if i.helm, err = helm.New(t.Context()); err != nil {
		t.Fatal(err)
	}
	if i.helm.Kubeconfig, err = c.Kubeconfig("installer", "system:masters"); err != nil {
		t.Fatal(err)
	}
	if i.objects, err = dynamic.NewForConfig(c.Admin); err != nil {
		t.Fatal(err)
	}
	d, err := discovery.NewDiscoveryClientForConfig(c.Admin)
	if err != nil {
		t.Fatal(err)
	}
	i.mapper = restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(d))

	i.run(t, version, "install", "--create-namespace", "--set=image.repository="+m.repository+"/tlsward")
	first, _ := i.stored(t)
	i.runs(t, version)
	i.upgrades(t, first)
	i.reports(t)
	if _, err := i.helm.Run(t.Context(), "uninstall", "tlsward", "-n="+namespace); err != nil {
		t.Fatal(err)
	}
	if _, err := i.get(t, object("apps/v1", "Deployment", "tlsward")); !apierrors.IsNotFound(err) {
		t.Errorf("after the uninstall: %v", err)
	}
}

// upgrades goes from one version to the next: nothing differs but the version and the image, and no object is another one. The
// same upgrade again changes nothing.
func (i installed) upgrades(t *testing.T, first map[string]stored) {
	t.Helper()
	i.run(t, next, "upgrade", "--reset-then-reuse-values")
	second, manifest := i.stored(t)
	i.runs(t, next)
	of := func(version string) string { return i.manifest(t, "tlsward", version).digest }
	for name, o := range second {
		switch old, known := first[name]; {
		case !known:
			t.Errorf("%s is new", name)
		case old.uid != o.uid:
			t.Errorf("%s was deleted and made again", name)
		case strings.NewReplacer(version, next, of(version), of(next)).Replace(old.manifest) != o.manifest:
			t.Errorf("%s differs by more than version and image:\n%s\n---\n%s", name, old.manifest, o.manifest)
		}
	}
	if len(first) != len(second) || !strings.Contains(manifest, next) || strings.Contains(manifest, version) {
		t.Errorf("%d objects, then %d; of %s:\n%.300s", len(first), len(second), next, manifest)
	}
	i.run(t, next, "upgrade", "--reset-then-reuse-values")
	third, _ := i.stored(t)
	for name, o := range third {
		if second[name].version != o.version {
			t.Errorf("%s changes with each upgrade", name)
		}
	}
}

// run runs helm with the chart of a version.
func (i installed) run(t *testing.T, version string, args ...string) {
	t.Helper()
	chart := []string{"tlsward", "oci://" + i.repository + "/charts/tlsward", "--plain-http", "--version=" + version, "-n=" + namespace}
	if _, err := i.helm.Run(t.Context(), append(args, chart...)...); err != nil {
		t.Fatal(err)
	}
}

// runs fails unless the Deployment has the image of a version, by its digest.
func (i installed) runs(t *testing.T, version string) {
	t.Helper()
	d, err := i.get(t, object("apps/v1", "Deployment", "tlsward"))
	if err != nil {
		t.Fatal(err)
	}
	containers, _, _ := unstructured.NestedSlice(d.Object, "spec", "template", "spec", "containers")
	got := containers[0].(map[string]any)["image"]
	if want := i.repository + "/tlsward@" + i.manifest(t, "tlsward", version).digest; got != want {
		t.Errorf("the Deployment runs %s, want %s", got, want)
	}
}

// stored is an object of the release: as helm has rendered it, and which one it is in the cluster.
type stored struct{ manifest, uid, version string }

// stored returns all objects of the release, and its manifest.
func (i installed) stored(t *testing.T) (map[string]stored, string) {
	t.Helper()
	manifest, err := i.helm.Run(t.Context(), "get", "manifest", "tlsward", "-n="+namespace)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]stored{}
	for document := range strings.SplitSeq(manifest, "\n---\n") {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &o.Object); err != nil {
			t.Fatal(err)
		}
		if o.Object == nil {
			continue
		}
		found, err := i.get(t, o)
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("%s %s/%s", o.GetKind(), o.GetNamespace(), o.GetName())
		all[name] = stored{document, string(found.GetUID()), found.GetResourceVersion()}
	}
	if len(all) < 10 {
		t.Fatalf("%d objects in\n%s", len(all), manifest)
	}
	return all, manifest
}

func object(apiVersion, kind, name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"name": name, "namespace": namespace}}}
}

// get returns an object as the cluster has it.
func (i installed) get(t *testing.T, o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	t.Helper()
	mapping, err := i.mapper.RESTMapping(o.GroupVersionKind().GroupKind(), o.GroupVersionKind().Version)
	if err != nil {
		t.Fatal(err)
	}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		return i.objects.Resource(mapping.Resource).Namespace(o.GetNamespace()).Get(t.Context(), o.GetName(), metav1.GetOptions{})
	}
	return i.objects.Resource(mapping.Resource).Get(t.Context(), o.GetName(), metav1.GetOptions{})
}

// reports has the program of the archive report on the cluster, by the name that kubectl finds it by.
func (i installed) reports(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	run(t, dir, "tar", "xzf", filepath.Join(i.dist, "tlsward_"+version+"_linux_amd64.tar.gz"))
	if err := os.Rename(filepath.Join(dir, "tlsward"), filepath.Join(dir, "kubectl-tlsward")); err != nil {
		t.Fatal(err)
	}
	entry := object("networking.istio.io/v1", "ServiceEntry", "partner")
	entry.SetNamespace("default")
	entry.Object["spec"] = map[string]any{"hosts": []any{"api.partner.example"}, "resolution": "DNS",
		"ports": []any{map[string]any{"number": int64(80), "name": "http", "protocol": "HTTP"}}}
	mapping, err := i.mapper.RESTMapping(entry.GroupVersionKind().GroupKind(), "v1")
	if err != nil {
		t.Fatal(err)
	}
	// No pod runs in this cluster: the webhook is open, and nothing is completed.
	if _, err := i.objects.Resource(mapping.Resource).Namespace("default").Create(t.Context(), entry, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if said := run(t, dir, "./kubectl-tlsward", "report", "--kubeconfig="+i.helm.Kubeconfig); !strings.Contains(said, "api.partner.example") {
		t.Errorf("kubectl tlsward report says\n%s", said)
	}
}

//go:build chart

package chart

import (
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
)

// gitops is a controller that renders the chart without a cluster, and applies what it rendered, over and over.
type gitops struct {
	release *release
	mapper  meta.RESTMapper
	values  []string
}

// rendered returns what the chart makes, but for its test.
func (g gitops) rendered(t *testing.T) (objects []*unstructured.Unstructured) {
	t.Helper()
	h := g.release.helm
	h.Kubeconfig = ""
	args := append([]string{"template", releaseName, h.Chart}, g.release.values(g.values...)...)
	for _, o := range decode(t, run(t, h, args...)) {
		if _, hook := o.GetAnnotations()["helm.sh/hook"]; !hook {
			objects = append(objects, o)
		}
	}
	return objects
}

// sync applies all of it, and returns the version that each object has then.
func (g gitops) sync(t *testing.T) map[string]string {
	t.Helper()
	force := true
	versions := map[string]string{}
	for _, o := range g.rendered(t) {
		raw, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		applied, err := g.api(t, o).Patch(t.Context(), o.GetName(), types.ApplyPatchType, raw,
			metav1.PatchOptions{FieldManager: "argocd-controller", Force: &force, FieldValidation: metav1.FieldValidationStrict})
		if err != nil {
			t.Fatalf("%s %s: %v", o.GetKind(), o.GetName(), err)
		}
		versions[o.GetKind()+" "+o.GetNamespace()+"/"+o.GetName()] = applied.GetResourceVersion()
	}
	return versions
}

func (g gitops) api(t *testing.T, o *unstructured.Unstructured) dynamic.ResourceInterface {
	t.Helper()
	mapping, err := g.mapper.RESTMapping(o.GroupVersionKind().GroupKind(), o.GroupVersionKind().Version)
	if err != nil {
		t.Fatal(err)
	}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		return g.release.plane.objects.Resource(mapping.Resource).Namespace(o.GetNamespace())
	}
	return g.release.plane.objects.Resource(mapping.Resource)
}

// TestGitOps keeps the chart in sync as docs/gitops.md says, with a controller that never asks the cluster what to render.
func TestGitOps(t *testing.T) {
	p := startPlane(t)
	p.installCRDs(t)
	r := newRelease(t, p)
	g := gitops{release: r, mapper: restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(p.clients.Discovery())),
		values: []string{"webhook.failurePolicy=Fail"}}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: releaseNamespace}}
	if _, err := p.clients.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	g.sync(t)
	r.serve()
	r.await("publishing the CA", func() string {
		if m, v := r.bundles(); m == "" || v == "" {
			return "no bundle"
		}
		return ""
	})
	asked(t, r)
	_, bundle := r.bundles()
	g.sync(t)

	t.Run("two syncs in a row change nothing", func(t *testing.T) {
		r.t = t
		r.await("the program having written all that it writes, and syncs in a row changing nothing", func() string {
			before, after := g.sync(t), g.sync(t)
			for name, version := range before {
				if after[name] != version {
					return name + " changes with each sync"
				}
			}
			return ""
		})
	})
	r.t = t
	t.Run("what somebody changed is set back, and the bundle stays", func(t *testing.T) {
		patch := []byte(`[{"op":"replace","path":"/webhooks/0/timeoutSeconds","value":30},{"op":"replace","path":"/webhooks/0/failurePolicy","value":"Ignore"}]`)
		api := p.clients.AdmissionregistrationV1().ValidatingWebhookConfigurations()
		if _, err := api.Patch(t.Context(), releaseName, types.JSONPatchType, patch, metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
		g.sync(t)
		found, err := api.Get(t.Context(), releaseName, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if w := found.Webhooks[0]; *w.TimeoutSeconds != 3 || *w.FailurePolicy != "Fail" || string(w.ClientConfig.CABundle) != bundle {
			t.Errorf("the webhook is %+v", w)
		}
		asked(t, r)
	})
	t.Run("nothing that the program made bears the labels of the chart", func(t *testing.T) { g.prunes(t) })
	t.Run("auto is opened by each sync, and closed again", func(t *testing.T) {
		r.t = t
		g.values = nil
		g.sync(t)
		if got := r.failurePolicy(); got != "Ignore" {
			t.Errorf("failurePolicy is %s", got)
		}
		for _, server := range r.servers {
			if err := server.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		r.servers = nil
		r.serve()
		r.closed()
		g.sync(t)
		r.closed()
	})
	r.t = t
}

// prunes fails where something has the label by which Argo CD may know what is its own, and is not rendered.
func (g gitops) prunes(t *testing.T) {
	t.Helper()
	ours := map[string]bool{}
	kinds := map[schema.GroupVersionKind]bool{
		{Group: "networking.istio.io", Version: "v1", Kind: "DestinationRule"}: true, {Version: "v1", Kind: "Secret"}: true}
	for _, o := range g.rendered(t) {
		ours[o.GetKind()+" "+o.GetName()] = true
		kinds[o.GroupVersionKind()] = true
	}
	for kind := range kinds {
		mapping, err := g.mapper.RESTMapping(kind.GroupKind(), kind.Version)
		if err != nil {
			t.Fatal(err)
		}
		found, err := g.release.plane.objects.Resource(mapping.Resource).List(t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/instance=" + releaseName})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range found.Items {
			if !ours[o.GetKind()+" "+o.GetName()] {
				t.Errorf("%s %s would be pruned", o.GetKind(), o.GetName())
			}
		}
	}
}

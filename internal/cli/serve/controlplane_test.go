package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/istiod"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/assume"
)

func TestControlPlaneIsAwaited(t *testing.T) {
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "x"}, "x", nil)
	wants := func(c *controlPlane, want string) {
		t.Helper()
		have := "ready"
		if err := c.ready(); err != nil {
			have = err.Error()
		}
		if have != want {
			t.Errorf("have %q, want %q", have, want)
		}
	}
	c := newControlPlane("canary")
	wants(c, "ready") // without a cluster
	c.awaited = true
	wants(c, "waiting for Istio's ConfigMap istio-canary")
	c.fail(&c.own.unread, errors.New("refused"))
	wants(c, "waiting for Istio's ConfigMap istio-canary: refused")
	if err := c.seeMeshConfig(&c.own, nil); err != nil {
		t.Error(err)
	}
	wants(c, "waiting for Istio's Deployment istiod-canary")
	c.fail(&c.deployed.unread, forbidden)
	wants(c, "ready") // an earlier chart grants no right to it
	c.see(&istiod.Deployment{Environment: map[string]string{"SHARED_MESH_CONFIG": "shared"}})
	wants(c, "waiting for Istio's ConfigMap shared")
	c.fail(&c.common.unread, forbidden)
	wants(c, "ready")
	if told := c.told(); !strings.Contains(told, "ConfigMap shared cannot be read: ") {
		t.Errorf("told %q", told)
	}
}

func newTestReloader() *reloader {
	s := &server{Options: Options{IstioNamespace: "istio-system"}, log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	cache := assume.NewCache(mesh.DefaultSettings())
	r := &reloader{s: s, cache: cache, istiod: newControlPlane(""), others: newOtherControlPlanes(cache, ""),
		config: &v1alpha1.Config{Mesh: v1alpha1.Mesh{TrustDomain: "ours"}}}
	return r
}

func configMap(text string) *corev1.ConfigMap {
	return &corev1.ConfigMap{Data: map[string]string{"mesh": text}}
}

// What a ConfigMap says is in force once it is seen, below what the configuration says, and stays while a later one is broken.
func TestMeshConfigChanged(t *testing.T) {
	const none = "ConfigMap istio has no MeshConfig: Istio's defaults are taken"
	for _, c := range []struct {
		name                    string
		seen                    []*corev1.ConfigMap
		root                    string
		refused, warns, outside float64
		told                    string
	}{
		{name: "none", seen: []*corev1.ConfigMap{nil}, root: "istio-system", told: none},
		{name: "without the key", seen: []*corev1.ConfigMap{{}}, root: "istio-system", told: none},
		{name: "one", seen: []*corev1.ConfigMap{configMap("rootNamespace: mesh")}, root: "mesh", warns: 1, told: "Config goes before it: trustDomain: ours, not cluster.local"},
		{name: "a contradiction", seen: []*corev1.ConfigMap{configMap("{rootNamespace: mesh, trustDomain: theirs}")}, root: "mesh", warns: 1,
			told: "Config goes before it: trustDomain: ours, not theirs"},
		{name: "no contradiction", seen: []*corev1.ConfigMap{configMap("{rootNamespace: mesh, trustDomain: ours}")}, root: "mesh"},
		{name: "outside the model", seen: []*corev1.ConfigMap{configMap("{rootNamespace: mesh, trustDomain: ours, proxyHttpPort: 15002}")}, root: "mesh", outside: 1,
			told: "not followed: proxyHttpPort: "},
		{name: "broken at first", seen: []*corev1.ConfigMap{configMap("rootNamespace: [")}, root: "istio-system", refused: 1,
			told: `ConfigMap istio is refused: key "mesh": `},
		{name: "broken later", seen: []*corev1.ConfigMap{configMap("{rootNamespace: mesh, trustDomain: ours}"), configMap("rootNamespace: 1")}, root: "mesh", refused: 1,
			told: "ConfigMap istio: the last good one is in force; refused: read MeshConfig: "},
		{name: "mended", seen: []*corev1.ConfigMap{configMap("rootNamespace: 1"), configMap("{rootNamespace: mesh, trustDomain: ours}")}, root: "mesh"},
		{name: "gone", seen: []*corev1.ConfigMap{configMap("rootNamespace: mesh"), nil}, root: "istio-system", told: none},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newTestReloader()
			for _, found := range c.seen {
				r.meshConfigChanged(r.istiod, &r.istiod.own, "istio", found)
			}
			if have := r.cache.View().Stored.Settings().RootNamespace; have != c.root {
				t.Errorf("root namespace %s, want %s", have, c.root)
			}
			if refused, warns, outside := r.istiod.counts(); refused != c.refused || warns != c.warns || outside != c.outside {
				t.Errorf("refused %v, contradicted %v, outside the model %v", refused, warns, outside)
			}
			if told := r.istiod.told(); !strings.HasPrefix(told, c.told) || c.told == "" && told != "" {
				t.Errorf("told %q, want %q", told, c.told)
			}
		})
	}
}

// The Deployment says the version, the domain and the shared ConfigMap, whose MeshConfig is below istiod's own. Of the two a
// broken one is passed by.
func TestDeploymentChanged(t *testing.T) {
	r := newTestReloader()
	r.config.Mesh.TrustDomain = ""
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "istio-system", Name: "istiod"}}
	deployment.Spec.Template.Spec.Containers = []corev1.Container{{Name: "discovery", Image: "istio/pilot:1.30.1", Args: []string{"--domain", "corp.internal"},
		Env: []corev1.EnvVar{{Name: "SHARED_MESH_CONFIG", Value: "shared"}, {Name: "ISTIO_DUAL_STACK", Value: "true"}}}}
	r.deploymentChanged(r.istiod, "istiod", deployment)
	r.meshConfigChanged(r.istiod, &r.istiod.common, "shared", configMap("{rootNamespace: shared, trustDomain: shared}"))
	r.meshConfigChanged(r.istiod, &r.istiod.own, "istio", configMap("trustDomain: own"))
	have := r.cache.View().Stored.Settings()
	if have.Version != mesh.Version130 || have.ClusterDomain != "corp.internal" || have.RootNamespace != "shared" || have.TrustDomain != "own" {
		t.Errorf("%+v", have)
	}
	if _, _, outside := r.istiod.counts(); outside != 1 || !strings.HasPrefix(r.istiod.told(), "not followed: ISTIO_DUAL_STACK=true: ") {
		t.Errorf("told %q", r.istiod.told())
	}
	r.meshConfigChanged(r.istiod, &r.istiod.own, "istio", configMap("trustDomain: ["))
	if have := r.cache.View().Stored.Settings(); have.TrustDomain != "shared" {
		t.Errorf("beside a shared one the broken one is in force: %s", have.TrustDomain)
	}
	r.deploymentChanged(r.istiod, "istiod", nil)
	if have := r.cache.View().Stored.Settings(); have.RootNamespace != "istio-system" || have.Version != "" {
		t.Errorf("without its Deployment: %+v", have)
	}
	if told := r.istiod.told(); !strings.Contains(told, "Deployment istiod is not there: ") {
		t.Errorf("told %q", told)
	}
}

// A configuration that is read again stands on the cluster's MeshConfig too, and what it no longer contradicts is not told.
func TestMeshOfAnotherConfiguration(t *testing.T) {
	r := newTestReloader()
	r.meshConfigChanged(r.istiod, &r.istiod.own, "istio", configMap("{trustDomain: theirs, trustDomainAliases: [old]}"))
	if err := r.use(&v1alpha1.Config{Mesh: v1alpha1.Mesh{ClusterDomain: "corp.internal"}}); err != nil {
		t.Fatal(err)
	}
	have := r.cache.View().Stored.Settings()
	if have.TrustDomain != "theirs" || have.ClusterDomain != "corp.internal" || !slices.Equal(have.TrustDomainAliases, []string{"old"}) || r.istiod.told() != "" {
		t.Errorf("%+v, told %q", have, r.istiod.told())
	}
}

// What another control plane's ConfigMap says is judged by once its Service is there and all of it is known, and no longer when the
// Service has gone.
func TestOtherControlPlanes(t *testing.T) {
	r := newTestReloader()
	judged := func() (list []string) {
		for _, m := range r.cache.View().Stored.Meshes() {
			list = append(list, m.Revision()+" "+m.Settings().RootNamespace)
		}
		return list
	}
	equal := func(what string, have []string, want ...string) {
		t.Helper()
		if !slices.Equal(have, want) {
			t.Errorf("%s: %q, want %q", what, have, want)
		}
	}
	ready := func() []string {
		if err := r.others.ready(); err != nil {
			return []string{err.Error()}
		}
		return nil
	}
	canary := &mesh.Object{Ref: mesh.Ref{Kind: mesh.KindService, Namespace: "istio-system", Name: "istiod-canary"}, Spec: &mesh.Service{},
		Labels: map[string]string{"app": "istiod", "istio.io/rev": "canary"}}
	r.cache.Put(canary, assume.Version{})
	equal("before it is followed", ready(), "waiting for Istio's control plane canary")
	var stopped atomic.Bool
	watches := func(*controlPlane) []everyReplica {
		return []everyReplica{func(ctx context.Context) error {
			<-ctx.Done()
			stopped.Store(true)
			return nil
		}}
	}
	watchTags := func(ctx context.Context) error {
		<-ctx.Done()
		return nil
	}
	follow := func() bool {
		return r.others.follow(t.Context(), watches, watchTags, func(err error) { t.Error(err) })
	}
	for range 2 {
		if follow() {
			t.Error("none has gone")
		}
	}
	equal("before it is known", ready(), "waiting for Istio's ConfigMap istio-canary")
	c := r.others.known["canary"].controlPlane
	r.meshConfigChanged(c, &c.own, "istio-canary", configMap("{rootNamespace: canary-root, proxyHttpPort: 15002}"))
	equal("without its Deployment", judged(), "default istio-system")
	r.deploymentChanged(c, "istiod-canary", nil)
	equal("known", judged(), "default istio-system", "canary canary-root")
	equal("known", ready(), "waiting for Istio's tags")
	r.others.seeTags([]map[string]string{{"istio.io/tag": "next", "istio.io/rev": "canary"}, {"istio.io/tag": "of-none"}})
	r.useControlPlane()
	equal("known with its tags", ready())
	r.cache.Put(&mesh.Object{Ref: mesh.Ref{Kind: mesh.KindNamespace, Name: "shop"}, Labels: map[string]string{"istio.io/rev": "next"}}, assume.Version{})
	equal("by a tag", []string{r.cache.View().Stored.MeshOf("shop").Revision()}, "canary")
	if _, _, outside := r.istiod.counts(); outside != 1 {
		t.Errorf("%v of it is not followed", outside)
	}
	equal("told", []string{r.others.told()}, "canary: Deployment istiod-canary is not there: istiod's version and flags are taken to be the usual ones")

	r.cache.Delete(canary.Ref, assume.Version{})
	if !follow() {
		t.Error("it has gone")
	}
	r.useControlPlane()
	equal("gone", judged(), "default istio-system")
	for range 100 {
		if stopped.Load() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("it is still watched")
}

// Without the right to read how another one is configured nobody waits for it, and its mesh is not judged.
func TestOtherControlPlaneIsForbidden(t *testing.T) {
	r := newTestReloader()
	r.cache.Put(&mesh.Object{Ref: mesh.Ref{Kind: mesh.KindService, Namespace: "istio-system", Name: "istiod-canary"}, Spec: &mesh.Service{},
		Labels: map[string]string{"app": "istiod", "istio.io/rev": "canary"}}, assume.Version{})
	none := func(context.Context) error { return nil }
	r.others.follow(t.Context(), func(*controlPlane) []everyReplica { return nil }, none, nil)
	c := r.others.known["canary"].controlPlane
	r.cannotRead(c, "ConfigMap", "istio-canary", &c.own.unread, apierrors.NewForbidden(schema.GroupResource{Resource: "configmaps"}, "istio-canary", nil))
	r.others.failTags(apierrors.NewForbidden(schema.GroupResource{Resource: "mutatingwebhookconfigurations"}, "", nil))
	r.useControlPlane()
	if err := r.others.ready(); err != nil {
		t.Error(err)
	}
	if judged := r.cache.View().Stored.Meshes(); len(judged) != 1 {
		t.Errorf("%d meshes are judged", len(judged))
	}
	if told := r.others.told(); !strings.HasPrefix(told, "tags that are webhook configurations cannot be read: ") || !strings.Contains(told, "; canary: ConfigMap istio-canary cannot be read: ") {
		t.Errorf("told %q", told)
	}
}

// However many Services say they are of control planes, few are followed: in other namespaces than istiod's none, in it up to a bound,
// which is told.
func TestOtherControlPlanesAreBounded(t *testing.T) {
	for _, c := range []struct {
		namespace string
		followed  int
		told      string
	}{
		{"evil", 0, ""},
		{"planes", 7, "control planes of 93 more revisions: the first 8 are followed"},
	} {
		t.Run(c.namespace, func(t *testing.T) {
			r := newTestReloader()
			r.s.IstioNamespace = "planes"
			r.useControlPlane()
			for i := range 100 {
				name := fmt.Sprintf("r%d", i)
				r.cache.Put(&mesh.Object{Ref: mesh.Ref{Kind: mesh.KindService, Namespace: c.namespace, Name: name}, Spec: &mesh.Service{},
					Labels: map[string]string{"app": "istiod", "istio.io/rev": name}}, assume.Version{})
			}
			watched := 0
			watches := func(*controlPlane) []everyReplica {
				watched++
				return nil
			}
			r.others.follow(t.Context(), watches, func(context.Context) error { return nil }, func(err error) { t.Error(err) })
			if watched != c.followed {
				t.Errorf("%d are watched, want %d", watched, c.followed)
			}
			for _, o := range r.others.known {
				r.meshConfigChanged(o.controlPlane, &o.own, "istio", configMap("rootNamespace: root"))
				r.deploymentChanged(o.controlPlane, "istiod", &appsv1.Deployment{})
			}
			r.others.seeTags(nil)
			if err := r.others.ready(); err != nil {
				t.Error(err)
			}
			if told := r.others.told(); told != c.told {
				t.Errorf("told %q, want %q", told, c.told)
			}
			if judged := len(r.cache.View().Stored.Meshes()); judged != c.followed+1 {
				t.Errorf("%d meshes are judged", judged)
			}
		})
	}
}

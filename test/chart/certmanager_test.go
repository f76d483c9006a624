//go:build chart

package chart

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

var certificates = schema.GroupVersionResource{Group: "cert-manager.io", Version: "v1", Resource: "certificates"}

// TestCertManager runs the servers with what the real cert-manager issues and injects, through a renewal of the pair
// and of the CA.
func TestCertManager(t *testing.T) {
	p := startPlane(t)
	p.installCRDs(t)
	p.startCertManager(t)
	r := newRelease(t, p)
	r.pair = filepath.Join(p.dir, "pair")
	r.fixed = []string{"--set", "certificates.source=cert-manager"}
	r.install()
	r.mount()
	r.injected()
	r.serve()
	r.closed()
	asked(t, r)
	r.quiet(t)

	t.Run("a wiped bundle is injected again, by the injector alone", func(t *testing.T) {
		r.t = t
		wiped := time.Now()
		r.wipe()
		r.injected()
		t.Logf("injected again after %s", time.Since(wiped).Round(time.Millisecond))
		asked(t, r)
		r.quiet(t)
	})
	t.Run("an upgrade leaves the bundle alone", func(t *testing.T) {
		r.t = t
		m, v := r.bundles()
		r.upgrade("server.replicas=3")
		if m2, v2 := r.bundles(); m2 != m || v2 != v {
			t.Error("the upgrade has changed a CA bundle")
		}
		asked(t, r)
	})
	t.Run("a new pair of a new CA", func(t *testing.T) {
		r.t = t
		before := r.secret()
		r.renew(releaseName+"-root", releaseName+"-root")
		r.renew(releaseName, releaseName+"-tls")
		r.injected()
		if string(r.secret().Data["ca.crt"]) == string(before.Data["ca.crt"]) {
			t.Fatal("the CA is the old one")
		}
		// The volumes of pods follow up to a minute later. The old pair must pass meanwhile, also where an older injector
		// leaves nothing beside the new CA.
		asked(t, r)
		r.verified()
		r.mount()
		r.serves(r.secret().Data["tls.crt"])
		r.verified()
		asked(t, r)
		r.quiet(t)
	})
	r.t = t
}

// startCertManager installs cert-manager's CRDs, builds cert-manager where bin/ holds none, and runs it.
func (p *plane) startCertManager(t *testing.T) {
	t.Helper()
	root, err := cluster.Root()
	if err != nil {
		t.Fatal(err)
	}
	source := filepath.Join(root, "test", "certmanager")
	// To list a module is not to have it: it is downloaded first.
	find := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", "github.com/cert-manager/cert-manager")
	find.Dir = source
	found, err := find.Output()
	if err != nil {
		t.Fatal(err)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(found, &module); err != nil {
		t.Fatal(err)
	}
	crds := filepath.Join(module.Dir, "deploy", "crds")
	options := envtest.CRDInstallOptions{ErrorIfPathMissing: true, Paths: []string{
		filepath.Join(crds, "cert-manager.io_certificates.yaml"), filepath.Join(crds, "cert-manager.io_certificaterequests.yaml"),
		filepath.Join(crds, "cert-manager.io_issuers.yaml"), filepath.Join(crds, "cert-manager.io_clusterissuers.yaml")}}
	if _, err := envtest.InstallCRDs(p.config, options); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(root, "bin", "certmanager")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".")
	build.Dir = source
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build cert-manager: %v\n%s", err, out)
	}
	log, err := os.Create(filepath.Join(p.dir, "cert-manager.log"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	run := exec.CommandContext(ctx, binary)
	run.Env = append(os.Environ(), "KUBECONFIG="+p.kubeconfig)
	run.Stdout, run.Stderr = log, log
	if err := run.Start(); err != nil {
		stop()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = run.Wait() // it was killed
		_ = log.Close()
		if raw, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("cert-manager:\n%.8000s", raw)
		}
	})
}

// secret returns the pair that cert-manager has issued, once it has.
func (r *release) secret() (out *corev1.Secret) {
	r.t.Helper()
	r.await("issuing", func() (missing string) {
		var err error
		if out, err = r.plane.clients.CoreV1().Secrets(releaseNamespace).Get(r.t.Context(), releaseName+"-tls", metav1.GetOptions{}); err != nil {
			return err.Error()
		}
		if len(out.Data["tls.crt"]) == 0 || len(out.Data["ca.crt"]) == 0 {
			return "the Secret is empty"
		}
		return ""
	})
	return out
}

// mount brings the Secret to where the servers read it, as the kubelet does in its own time.
func (r *release) mount() {
	r.t.Helper()
	project(r.t, r.pair, r.secret().Data)
}

// injected waits until both webhooks trust the Secret's CA. The injector leaves older ones beside it.
func (r *release) injected() {
	r.t.Helper()
	want := strings.TrimSpace(string(r.secret().Data["ca.crt"]))
	r.await("injecting the CA", func() string {
		if m, v := r.bundles(); !strings.Contains(m, want) || !strings.Contains(v, want) {
			return "the bundles lack the Secret's CA"
		}
		return ""
	})
}

// verified fails unless the pair that is served passes with the Secret's CA alone.
func (r *release) verified() {
	r.t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(r.secret().Data["ca.crt"]) {
		r.t.Fatal("no CA in the Secret")
	}
	r.presented(&tls.Config{RootCAs: roots, ServerName: "127.0.0.1"})
}

// wipe takes the bundle out of both webhook configurations.
func (r *release) wipe() {
	r.t.Helper()
	patch := []byte(`[{"op":"remove","path":"/webhooks/0/clientConfig/caBundle"}]`)
	api := r.plane.clients.AdmissionregistrationV1()
	if _, err := api.ValidatingWebhookConfigurations().Patch(r.t.Context(), releaseName, types.JSONPatchType, patch, metav1.PatchOptions{}); err != nil {
		r.t.Fatal(err)
	}
	if _, err := api.MutatingWebhookConfigurations().Patch(r.t.Context(), releaseName, types.JSONPatchType, patch, metav1.PatchOptions{}); err != nil {
		r.t.Fatal(err)
	}
}

// quiet fails where anybody but the injector has a hand in a caBundle, or somebody still writes the configurations.
func (r *release) quiet(t *testing.T) {
	t.Helper()
	versions := func() (out []string) {
		api := r.plane.clients.AdmissionregistrationV1()
		m, err := api.MutatingWebhookConfigurations().Get(t.Context(), releaseName, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		v, err := api.ValidatingWebhookConfigurations().Get(t.Context(), releaseName, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range append(m.ManagedFields, v.ManagedFields...) {
			if strings.Contains(f.FieldsV1.GetRawString(), "caBundle") && !strings.Contains(f.Manager, "cainjector") {
				t.Errorf("%s has a hand in caBundle", f.Manager)
			}
		}
		return []string{m.ResourceVersion, v.ResourceVersion}
	}
	before := versions()
	time.Sleep(3 * time.Second)
	if after := versions(); !slices.Equal(before, after) {
		t.Errorf("the webhook configurations do not come to rest: versions %v, then %v", before, after)
	}
}

// renew has cert-manager issue a Certificate anew, as `cmctl renew` does, and waits until it has.
func (r *release) renew(name, secret string) {
	r.t.Helper()
	get := func() *corev1.Secret {
		found, err := r.plane.clients.CoreV1().Secrets(releaseNamespace).Get(r.t.Context(), secret, metav1.GetOptions{})
		if err != nil {
			r.t.Fatal(err)
		}
		return found
	}
	before := string(get().Data["tls.crt"])
	api := r.plane.objects.Resource(certificates).Namespace(releaseNamespace)
	r.await("asking for a renewal", func() string {
		c, err := api.Get(r.t.Context(), name, metav1.GetOptions{})
		if err != nil {
			return err.Error()
		}
		conditions, _, _ := unstructured.NestedSlice(c.Object, "status", "conditions")
		conditions = append(conditions, map[string]any{"type": "Issuing", "status": "True", "reason": "ManuallyTriggered",
			"message": "renewed by the test", "lastTransitionTime": time.Now().UTC().Format(time.RFC3339)})
		if err := unstructured.SetNestedSlice(c.Object, conditions, "status", "conditions"); err != nil {
			return err.Error()
		}
		if _, err := api.UpdateStatus(r.t.Context(), c, metav1.UpdateOptions{}); err != nil {
			return err.Error()
		}
		return ""
	})
	r.await("renewing "+name, func() string {
		if string(get().Data["tls.crt"]) == before {
			return "the certificate is the old one"
		}
		return ""
	})
}

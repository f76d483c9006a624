//go:build proxies

package proxies

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/tlsward/tlsward/internal/cli/live"
	"github.com/tlsward/tlsward/mesh"
)

// randomMesh is a mesh of the oracle's generator.
type randomMesh []*unstructured.Unstructured

// kindMeshConfig is the kind under which the generator has a mesh's MeshConfig.
const kindMeshConfig = "MeshConfig"

// randomMeshes returns meshes of the oracle's generator, with waypoints where ambient is.
func (w *World) randomMeshes(ctx context.Context, ambient bool, seed, first, count uint64) ([]randomMesh, error) {
	return generated(ctx, w, fmt.Sprintf("-ambient=%v", ambient), seed, first, count, func(objects []map[string]any) (m randomMesh) {
		for _, o := range objects {
			m = append(m, &unstructured.Unstructured{Object: o})
		}
		return m
	})
}

// generated returns what the oracle's generator prints as JSON with an option, made into something else.
func generated[A, B any](ctx context.Context, w *World, option string, seed, first, count uint64, of func(A) B) ([]B, error) {
	out, err := exec.CommandContext(ctx, w.parts.Meshes, option, fmt.Sprintf("-seed=%d", seed), fmt.Sprintf("-first=%d", first), fmt.Sprintf("-count=%d", count)).Output()
	if err != nil {
		return nil, fmt.Errorf("ask the generator: %w", err)
	}
	var all []B
	lines := json.NewDecoder(bytes.NewReader(bytes.ReplaceAll(out, []byte(filesOfRules), []byte(filesOfWorld))))
	for range count {
		var one A
		if err := lines.Decode(&one); err != nil {
			return nil, fmt.Errorf("read what the generator makes: %w", err)
		}
		all = append(all, of(one))
	}
	return all, nil
}

// filesOfRules is where the generator's rules have certificates in the pods, filesOfWorld where the world has them.
const (
	filesOfRules = "/etc/certs"
	filesOfWorld = home + "/certs"
)

// certificateFiles writes the files that random rules name: a client's certificate and key, and the CA of servers outside; and the
// Secrets and ConfigMaps.
func (w *World) certificateFiles(ctx context.Context) error {
	for _, namespace := range randomNamespaces {
		if err := w.namespace(ctx, namespace); err != nil {
			return err
		}
		if err := w.Credential(ctx, namespace, "client-cert", "client.example"); err != nil {
			return err
		}
		ca := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "ca"}, Data: map[string]string{"ca.crt": string(w.trusted.PEM)}}
		if _, err := w.kube.CoreV1().ConfigMaps(namespace).Create(ctx, ca, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("create ConfigMap %s/ca: %w", namespace, err)
		}
	}
	issued, err := w.trusted.issue("client.example")
	if err != nil {
		return err
	}
	key, err := keyPEM(issued)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filesOfWorld, 0o755); err != nil {
		return fmt.Errorf("make the directory of certificates: %w", err)
	}
	for name, content := range map[string][]byte{"cert.pem": certificatePEM(issued), "key.pem": key, "ca.pem": w.trusted.PEM} {
		if err := os.WriteFile(filepath.Join(filesOfWorld, name), content, 0o644); err != nil {
			return fmt.Errorf("write certificates: %w", err)
		}
	}
	return nil
}

// meshAuthority returns the authority of the mesh's own identities.
func (w *World) meshAuthority(ctx context.Context) (*authority, error) {
	secret, err := w.kube.CoreV1().Secrets(rootNamespace).Get(ctx, "istio-ca-secret", metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("read istiod's CA: %w", err)
	}
	return readAuthority(secret.Data["ca-cert.pem"], secret.Data["ca-key.pem"])
}

// writeMesh writes a random mesh as if the webhooks were not there, and returns how many of its objects the API server refuses.
// Of ServiceEntries of one second Istio takes any for the older, where they are of one namespace or host: those are written a
// second apart.
func (w *World) writeMesh(ctx context.Context, m randomMesh) (refused int, err error) {
	written := map[string]metav1.Time{}
	for _, o := range m {
		if o.GetKind() == kindMeshConfig {
			continue
		}
		o = fresh(o)
		keys := ageKeys(o)
		for _, key := range keys {
			if at := written[key]; !at.IsZero() {
				time.Sleep(time.Until(at.Add(time.Second)))
			}
		}
		err := w.unseen.Create(ctx, o)
		if o.GetKind() == mesh.KindNamespace {
			err = createOrUpdate(ctx, w.unseen, o)
		}
		switch {
		case apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
			refused++
			continue
		case err != nil:
			return refused, fmt.Errorf("write %s %s/%s: %w", o.GetKind(), o.GetNamespace(), o.GetName(), err)
		}
		for _, key := range keys {
			written[key] = o.GetCreationTimestamp()
		}
	}
	return refused, nil
}

// fresh returns an object without what the API server gives it.
func fresh(o *unstructured.Unstructured) *unstructured.Unstructured {
	o = o.DeepCopy()
	unstructured.RemoveNestedField(o.Object, "metadata", "creationTimestamp")
	if ip, _, _ := unstructured.NestedString(o.Object, "spec", "clusterIP"); ip != "None" {
		unstructured.RemoveNestedField(o.Object, "spec", "clusterIP")
	}
	return o
}

// ageKeys returns what no two ServiceEntries of one second may have in common.
func ageKeys(o *unstructured.Unstructured) []string {
	if o.GetKind() != mesh.KindServiceEntry {
		return nil
	}
	keys := []string{"namespace " + o.GetNamespace()}
	hosts, _, _ := unstructured.NestedStringSlice(o.Object, "spec", "hosts")
	for _, h := range hosts {
		keys = append(keys, "host "+strings.ToLower(h))
	}
	return keys
}

// restore takes the Services of random meshes away, and the labels of their Namespaces; the rest goes with the test.
func (w *World) restore(ctx context.Context, m randomMesh) error {
	for _, o := range m {
		var err error
		switch o.GetKind() {
		case mesh.KindService:
			err = w.unseen.Delete(ctx, o.DeepCopy())
		case mesh.KindNamespace:
			bare := &unstructured.Unstructured{}
			bare.SetGroupVersionKind(o.GroupVersionKind())
			bare.SetName(o.GetName())
			err = createOrUpdate(ctx, w.unseen, bare)
		}
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("restore %s %s/%s: %w", o.GetKind(), o.GetNamespace(), o.GetName(), err)
		}
	}
	return nil
}

// waypoints returns the namespaces of the mesh whose waypoint stands for a host of a ServiceEntry.
func (m randomMesh) waypoints() ([]string, error) {
	var objects []*mesh.Object
	for _, o := range m {
		if o.GetKind() == kindMeshConfig {
			continue
		}
		raw, err := o.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("read a random mesh: %w", err)
		}
		decoded, err := mesh.Decode(raw)
		if err != nil {
			return nil, fmt.Errorf("read a random mesh: %w", err)
		}
		objects = append(objects, decoded)
	}
	s := mesh.New(mesh.DefaultSettings(), objects...)
	var namespaces []string
	for _, o := range m {
		if o.GroupVersionKind().Group != "gateway.networking.k8s.io" || o.GetKind() != "Gateway" {
			continue
		}
		waypoint := mesh.Client{Kind: mesh.ClientWaypoint, Namespace: o.GetNamespace()}
		serves := func(e *unstructured.Unstructured) bool {
			hosts, _, _ := unstructured.NestedStringSlice(e.Object, "spec", "hosts")
			return e.GetKind() == mesh.KindServiceEntry &&
				slices.ContainsFunc(hosts, func(h string) bool { return s.WaypointServes(waypoint, h) })
		}
		if slices.ContainsFunc(m, serves) {
			namespaces = append(namespaces, o.GetNamespace())
		}
	}
	return namespaces, nil
}

// meshConfig returns the settings of the mesh's MeshConfig, nil where it has none.
func (m randomMesh) meshConfig() map[string]any {
	for _, o := range m {
		if o.GetKind() == kindMeshConfig {
			spec, _, _ := unstructured.NestedMap(o.Object, "spec")
			return spec
		}
	}
	return nil
}

// snapshot returns the mesh that is stored, as the model has it under a MeshConfig.
func (w *World) snapshot(ctx context.Context, meshConfig []byte) (*mesh.Snapshot, error) {
	client, err := dynamic.NewForConfig(w.plane.Seed)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	docs, _, err := live.Objects(ctx, client)
	if err != nil {
		return nil, err
	}
	var objects []*mesh.Object
	for _, d := range docs {
		o, err := mesh.Decode(d.Raw)
		if err != nil {
			return nil, err
		}
		if o != nil {
			objects = append(objects, o)
		}
	}
	settings, err := mesh.DefaultSettings().WithMeshConfig(meshConfig)
	if err != nil {
		return nil, err
	}
	settings.Version = w.parts.Version
	return mesh.New(settings, objects...), nil
}

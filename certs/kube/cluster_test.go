package kube

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/tlsward/tlsward/certs"
)

func TestAsConflict(t *testing.T) {
	secrets := schema.GroupResource{Resource: "secrets"}
	cases := []struct {
		name     string
		err      error
		conflict bool
	}{
		{"changed", apierrors.NewConflict(secrets, "ca", errors.New("changed")), true},
		{"made by another", apierrors.NewAlreadyExists(secrets, "ca"), true},
		{"deleted", apierrors.NewNotFound(secrets, "ca"), true},
		{"forbidden", apierrors.NewForbidden(secrets, "ca", errors.New("no role")), false},
		{"API server is away", errors.New("connection refused"), false},
	}
	for _, c := range cases {
		got := asConflict(c.err, "write")
		if got == nil || errors.Is(got, certs.ErrConflict) != c.conflict {
			t.Errorf("%s: %v, want a conflict: %v", c.name, got, c.conflict)
		}
	}
	if asConflict(nil, "write") != nil {
		t.Error("success is an error")
	}
}

func TestMetadataToKeepLeavesTheRequestOut(t *testing.T) {
	m := metadataToKeep(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "7", Labels: map[string]string{"a": "b"},
		Annotations: map[string]string{RotateAnnotation: "now", "c": "d"}}})
	if _, ok := m.Annotations[RotateAnnotation]; ok || m.Annotations["c"] != "d" || m.Labels["a"] != "b" || m.ResourceVersion != "" {
		t.Errorf("%+v", m)
	}
}

func TestReadAnEmptyCluster(t *testing.T) {
	_, c := connect(t, nil)
	s, err := c.Read(t.Context())
	if err != nil || s.CAs != nil || s.DecodeError != nil || s.ResourceVersion != "" || len(s.Webhooks)+len(s.Replicas) > 0 {
		t.Errorf("have %+v, %v; want nothing", s, err)
	}
}

func TestRead(t *testing.T) {
	a, b := newAuthority(t), newAuthority(t)
	bundle := certs.EncodeBundle(a.Certificate, b.Certificate)
	_, c := connect(t, map[string]any{
		secretPath: secret(t, map[string]any{"resourceVersion": "7", "annotations": map[string]any{RotateAnnotation: ""}},
			&certs.CASet{Active: a, Next: b}),
		leasesPath: map[string]any{"items": []any{
			map[string]any{"metadata": map[string]any{"name": "one", "annotations": map[string]any{
				ServingAnnotation: string(certs.EncodeBundle(a.Certificate))}}, "spec": map[string]any{"renewTime": "2026-06-01T12:00:00.000000Z"}},
			map[string]any{"metadata": map[string]any{"name": "two"}},
		}},
		mutatingPath:   configuration("8", bundle, nil),
		validatingPath: configuration("9", bundle),
	})
	s, err := c.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.CAs == nil || !s.CAs.Next.Certificate.Equal(b.Certificate) || s.ResourceVersion != "7" || !s.RotationRequested {
		t.Errorf("Secret: %+v", s)
	}
	if len(s.Replicas) != 2 || s.Replicas[0].Name != "one" || !s.Replicas[0].ServingCA.Equal(a.Certificate) ||
		s.Replicas[0].RenewTime.Hour() != 12 || s.Replicas[1].ServingCA != nil {
		t.Errorf("replicas: %+v", s.Replicas)
	}
	if len(s.Webhooks) != 2 {
		t.Fatalf("webhook configurations: %+v", s.Webhooks)
	}
	m, v := s.Webhooks[0], s.Webhooks[1]
	if m.Kind != "MutatingWebhookConfiguration" || m.ResourceVersion != "8" || len(m.Bundles) != 2 || len(m.Bundles[0]) != 2 || len(m.Bundles[1]) != 0 {
		t.Errorf("mutating: %+v", m)
	}
	if v.Kind != "ValidatingWebhookConfiguration" || v.ResourceVersion != "9" || len(v.Bundles) != 1 {
		t.Errorf("validating: %+v", v)
	}
}

// A Secret that cannot be read is no error: the CA is written again over its resource version.
func TestReadABrokenSecret(t *testing.T) {
	_, c := connect(t, map[string]any{secretPath: map[string]any{
		"metadata": map[string]any{"resourceVersion": "7"}, "data": map[string][]byte{"active.crt": []byte("nonsense")}}})
	s, err := c.Read(t.Context())
	if err != nil || s.CAs != nil || s.ResourceVersion != "7" || s.DecodeError == nil || !strings.Contains(s.DecodeError.Error(), "Secret ca") {
		t.Errorf("have %+v, %v", s, err)
	}
}

func TestReadFailsWithTheAction(t *testing.T) {
	for path, action := range map[string]string{
		secretPath: "read Secret ca", leasesPath: "list the replicas' Leases", validatingPath: "read ValidatingWebhookConfiguration hooks",
	} {
		server, c := connect(t, nil)
		server.status["GET "+path] = http.StatusForbidden
		if _, err := c.Read(t.Context()); err == nil || !strings.HasPrefix(err.Error(), action) {
			t.Errorf("%s: %v, want %q", path, err, action)
		}
	}
}

// A Secret that was lost is created with the labels and annotations that it had, but for the request to rotate.
func TestSave(t *testing.T) {
	cas := &certs.CASet{Active: newAuthority(t)}
	server, c := connect(t, map[string]any{secretPath: secret(t, map[string]any{"resourceVersion": "7",
		"labels": map[string]any{"app": "tlsward"}, "annotations": map[string]any{RotateAnnotation: "", "owner": "helm"}}, cas)})
	if _, err := c.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"7", ""} {
		if err := c.Save(t.Context(), cas, version); err != nil {
			t.Fatal(err)
		}
	}
	want(t, "requests", server.writes(), []string{"PUT " + secretPath, "POST " + strings.TrimSuffix(secretPath, "/ca")})
	for i, version := range []any{"7", nil} {
		meta := server.written[i].body["metadata"].(map[string]any)
		annotations := meta["annotations"].(map[string]any)
		if meta["resourceVersion"] != version || meta["name"] != "ca" || meta["labels"].(map[string]any)["app"] != "tlsward" ||
			annotations["owner"] != "helm" || len(annotations) != 1 {
			t.Errorf("write %d: metadata %v", i, meta)
		}
		data, _ := json.Marshal(server.written[i].body["data"])
		var entries map[string][]byte
		if err := json.Unmarshal(data, &entries); err != nil {
			t.Fatal(err)
		}
		if stored, err := certs.DecodeCASet(entries); err != nil || !stored.Active.Certificate.Equal(cas.Active.Certificate) {
			t.Errorf("write %d: %v", i, err)
		}
	}
	server.status["PUT "+secretPath] = http.StatusConflict
	if err := c.Save(t.Context(), cas, "7"); !errors.Is(err, certs.ErrConflict) {
		t.Errorf("a conflict: %v", err)
	}
}

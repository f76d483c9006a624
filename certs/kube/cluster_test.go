package kube

import (
	"errors"
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

package serve

import (
	"errors"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/policies"
)

// Nothing is decided before Exemptions are known, unless there can be none or none may be read.
func TestExemptionsAreAwaited(t *testing.T) {
	resource := v1alpha1.Exemptions().GroupResource()
	for name, c := range map[string]struct {
		x    *exemptions
		want string
	}{
		"nobody wants them":   {&exemptions{}, ""},
		"not read yet":        {&exemptions{awaited: true}, "waiting for Exemptions"},
		"no answer":           {&exemptions{awaited: true, unread: errors.New("away")}, "waiting for Exemptions\naway"},
		"without the CRD":     {&exemptions{awaited: true, unread: apierrors.NewNotFound(resource, "")}, ""},
		"without the right":   {&exemptions{awaited: true, unread: apierrors.NewForbidden(resource, "", nil)}, ""},
		"known, and then not": {&exemptions{awaited: true, known: true, unread: errors.New("away")}, ""},
	} {
		have := ""
		if err := c.x.ready(); err != nil {
			have = err.Error()
		}
		if have != c.want {
			t.Errorf("%s: %q, want %q", name, have, c.want)
		}
	}
}

// One that cannot be obeyed is told and does not hide the others; what does not change what they say is no change.
func TestExemptionsAreChecked(t *testing.T) {
	engine, err := policies.New(t.Context(), v1alpha1.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	exemption := func(name, policy string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"kind": "Exemption", "metadata": map[string]any{"name": name},
			"spec": map[string]any{"policy": policy, "reason": "OPS-1", "expires": "2099-12-31"}}}
	}
	var x exemptions
	x.see([]*unstructured.Unstructured{exemption("a", "double-tsl"), exemption("b", "double-tls")})
	if !x.check(engine) || len(x.inForce()) != 1 {
		t.Errorf("%d in force", len(x.inForce()))
	}
	if have, want := x.told(), `a is not obeyed: spec.policy: there is no policy "double-tsl"`; have != want {
		t.Errorf("told %q, want %q", have, want)
	}
	again := exemption("b", "double-tls")
	again.Object["status"] = map[string]any{"letsPass": int64(3)}
	x.see([]*unstructured.Unstructured{exemption("a", "double-tsl"), again})
	if x.check(engine) {
		t.Error("a status changes what is in force")
	}
	if !x.fail(apierrors.NewForbidden(schema.GroupResource{}, "", nil)) || x.fail(apierrors.NewForbidden(schema.GroupResource{}, "", nil)) {
		t.Error("the first failure is news, and the second is not")
	}
	if len(x.inForce()) != 1 {
		t.Error("what was seen is gone with the connection")
	}
}

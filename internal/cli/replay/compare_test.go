package replay

import (
	"reflect"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/cli/check"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/internal/terminal"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
)

func load(t *testing.T, text string) *offline.Mesh {
	t.Helper()
	docs, err := manifests.Parse("f.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	m, err := offline.Load(mesh.DefaultSettings(), docs, "default")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const objects = `
{apiVersion: v1, kind: Service, metadata: {name: newly, namespace: b}}
---
{apiVersion: v1, kind: Service, metadata: {name: stays, namespace: b}}
---
{apiVersion: v1, kind: Service, metadata: {name: no-longer, namespace: a}}
---
{apiVersion: v1, kind: Service, metadata: {name: fine, namespace: a}}
`

func TestCompare(t *testing.T) {
	m := load(t, objects)
	finding := func(i int, policy string, action v1alpha1.Action) check.Finding {
		return check.Finding{Object: m.Objects[i], Violation: policies.Violation{Policy: policy, Action: action, Message: policy + " says so"}}
	}
	now := []check.Finding{finding(0, "x", v1alpha1.Warn), finding(1, "x", v1alpha1.Deny), finding(2, "z", v1alpha1.Deny)}
	then := []check.Finding{finding(0, "y", v1alpha1.Deny), finding(0, "x", v1alpha1.Deny), finding(1, "y", v1alpha1.Deny), finding(3, "y", v1alpha1.Audit)}
	got := Compare(m, now, then)
	want := []Namespace{
		{Name: "a", Unchanged: 1, NewlyDenied: []Object{}, NoLongerDenied: []Object{
			{Object: "Service a/no-longer", Where: "f.yaml:6", Policies: []string{"z"}, Message: "z says so"}}},
		{Name: "b", Unchanged: 1, Denied: 1, NoLongerDenied: []Object{}, NewlyDenied: []Object{
			{Object: "Service b/newly", Where: "f.yaml:2", Policies: []string{"x", "y"}, Message: "y says so"}}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	if n := NewlyDenied(got); n != 1 {
		t.Errorf("%d newly denied", n)
	}
	var out strings.Builder
	if err := WriteText(&out, got, terminal.Style{}); err != nil || !strings.Contains(out.String(), "total      1             1                 2\n") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

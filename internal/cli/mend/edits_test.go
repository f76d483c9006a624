package mend

import (
	"strings"
	"testing"

	"gomodules.xyz/jsonpatch/v2"

	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/manifests"
)

// A document that cannot be edited is named, also where a new one was to come before it, and no file is returned.
func TestApplyNamesWhatCannotBeEdited(t *testing.T) {
	const gateway = "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a}\n" +
		"spec:\n  servers:\n  - port:\n      number: 80\n      protocol: >-\n        HTTP\n"
	const text = "apiVersion: v1\nkind: A\n---\n" + gateway
	docs, err := manifests.Parse("a.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	o := &offline.Object{Document: docs[1]}
	var e Edits
	e.Patch(o, []jsonpatch.Operation{jsonpatch.NewOperation("replace", "/spec/servers/0/port/protocol", "HTTPS")})
	if err := e.Insert(o, map[string]any{"apiVersion": "v1", "kind": "Added"}); err != nil {
		t.Fatal(err)
	}
	files, err := e.Apply([]manifests.File{{Name: "a.yaml", Raw: []byte(text)}})
	if files != nil || err == nil || !strings.HasPrefix(err.Error(), "a.yaml:4: ") {
		t.Errorf("got %v, %v", files, err)
	}
}

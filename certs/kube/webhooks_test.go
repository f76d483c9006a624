package kube

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/certs"
)

func TestBundlePatchLocksAndTouchesBundlesAlone(t *testing.T) {
	h := certs.WebhookConfiguration{ResourceVersion: "7", Bundles: [][]*x509.Certificate{nil, nil}}
	raw, err := bundlePatch(h, []byte("PEM"))
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"op":"replace","path":"/metadata/resourceVersion","value":"7"},` +
		`{"op":"add","path":"/webhooks/0/clientConfig/caBundle","value":"UEVN"},` +
		`{"op":"add","path":"/webhooks/1/clientConfig/caBundle","value":"UEVN"}]`
	if string(raw) != want {
		t.Errorf("got  %s\nwant %s", raw, want)
	}
	if !json.Valid(raw) {
		t.Error("not JSON")
	}
}

func TestPublishBundle(t *testing.T) {
	server, c := connect(t, nil)
	w := certs.WebhookConfiguration{Kind: "MutatingWebhookConfiguration", Name: "hooks", ResourceVersion: "7", Bundles: make([][]*x509.Certificate, 1)}
	if err := c.PublishBundle(t.Context(), w, []byte("PEM")); err != nil {
		t.Fatal(err)
	}
	want(t, "requests", server.writes(), []string{"PATCH " + mutatingPath})
	if r := server.written[0]; r.contentType != "application/json-patch+json" || !strings.Contains(r.raw, `"value":"UEVN"`) {
		t.Errorf("%+v", r)
	}
	server.status["PATCH "+mutatingPath] = http.StatusConflict
	if err := c.PublishBundle(t.Context(), w, nil); !errors.Is(err, certs.ErrConflict) {
		t.Errorf("a conflict: %v", err)
	}
	w.Name = "other"
	if err := c.PublishBundle(t.Context(), w, nil); err == nil || errors.Is(err, certs.ErrConflict) {
		t.Errorf("a configuration that is not ours: %v", err)
	}
}

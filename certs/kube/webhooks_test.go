package kube

import (
	"crypto/x509"
	"encoding/json"
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

package live

import (
	"testing"
)

func TestVerified(t *testing.T) {
	const path = "/api/v1/namespaces/tlsward-system/configmaps/"
	client := clusterOf(t, map[string]string{
		path + "verify": `{"apiVersion": "v1", "kind": "ConfigMap", "data": {"round.json": "{\"at\": \"2026-11-28T12:00:00Z\", \"proxies\": 2, \"connections\": 8}"}}`,
		path + "other":  `{"apiVersion": "v1", "kind": "ConfigMap", "data": {}}`,
	})
	round, err := Verified(t.Context(), client, "tlsward-system/verify")
	if err != nil || round.Proxies != 2 || round.Connections != 8 {
		t.Errorf("got %+v, %v", round, err)
	}
	for name, want := range map[string]string{
		"tlsward-system/other": "read ConfigMap tlsward-system/other: data has no round.json",
		"tlsward-system/gone":  `read ConfigMap tlsward-system/gone: the server could not find the requested resource`,
		"verify":               `"verify" names no ConfigMap: want NAMESPACE/NAME`,
	} {
		if _, err := Verified(t.Context(), client, name); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

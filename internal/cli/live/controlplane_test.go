package live

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

func TestControlPlane(t *testing.T) {
	const defaults = " is not there: the MeshConfig is taken to be Istio's default"
	tests := []struct {
		name, revision, path string
		status               int
		body                 string
		want, note, err      string
	}{
		{"the default's", "default", "istio", 200, `{"data": {"mesh": "trustDomain: td"}}`, `"mesh":"trustDomain: td"`, "", ""},
		{"without a revision", "", "istio", 200, `{"data": {"mesh": "{}"}}`, `"mesh":"{}"`, "", ""},
		{"a revision's", "canary", "istio-canary", 200, `{"data": {"mesh": "{}"}}`, `"mesh":"{}"`, "", ""},
		{"not there", "canary", "istio-canary", 404, `{"kind": "Status", "reason": "NotFound", "code": 404}`, "",
			"ConfigMap istio-system/istio-canary" + defaults, ""},
		{"no rights", "", "istio", 403, `{"kind": "Status", "reason": "Forbidden", "code": 403}`, "",
			"the cluster's user may not read ConfigMap istio-system/istio: the MeshConfig is taken to be Istio's default", ""},
		{"broken server", "", "istio", 500, `{"apiVersion": "v1", "kind": "Status", "message": "x", "code": 500}`, "", "",
			`read ConfigMap istio-system/istio: an error on the server ("unknown") has prevented the request from succeeding`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if want := "/api/v1/namespaces/istio-system/configmaps/" + test.path; r.URL.Path != want {
					t.Errorf("asked for %s, want %s", r.URL.Path, want)
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(test.status)
				body := test.body
				if test.status == http.StatusOK {
					body = `{"apiVersion": "v1", "kind": "ConfigMap", ` + body[1:]
				}
				_, _ = w.Write([]byte(body))
			}))
			t.Cleanup(server.Close)
			client, err := dynamic.NewForConfig(&rest.Config{Host: server.URL, QPS: -1})
			if err != nil {
				t.Fatal(err)
			}
			docs, notes, err := ControlPlane(t.Context(), client, test.revision)
			var raw string
			for _, d := range docs {
				raw += string(d.Raw)
			}
			if !strings.Contains(raw, test.want) || test.want == "" && raw != "" || strings.Join(notes, "; ") != test.note || (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
				t.Errorf("got %s, notes %q, error %v; want %s, %q, %q", raw, notes, err, test.want, test.note, test.err)
			}
		})
	}
}

package live

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

func TestControlPlane(t *testing.T) {
	const (
		configMaps  = "/api/v1/namespaces/istio-system/configmaps/"
		deployments = "/apis/apps/v1/namespaces/istio-system/deployments/"

		meshConfig = `{"apiVersion": "v1", "kind": "ConfigMap", "data": {"mesh": "{}"}}`
		deployment = `{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"namespace": "istio-system"}}`
		sharing    = `{"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"spec": {"containers": [{"name": "discovery",
			"env": [{"name": "SHARED_MESH_CONFIG", "value": "shared"}]}]}}}}`
		forbidden = `{"kind": "Status", "reason": "Forbidden", "code": 403}`
		broken    = `{"apiVersion": "v1", "kind": "Status", "message": "x", "code": 500}`
	)
	tests := []struct {
		name, revision string
		answers        map[string]string // by path; any other is not there
		want           []string          // the kinds that are read
		notes          []string
		err            string
	}{
		{"all of the default's", "default", map[string]string{configMaps + "istio": meshConfig, deployments + "istiod": deployment}, []string{"Deployment", "ConfigMap"}, nil, ""},
		{"without a revision", "", map[string]string{configMaps + "istio": meshConfig, deployments + "istiod": deployment}, []string{"Deployment", "ConfigMap"}, nil, ""},
		{"a revision's", "canary", map[string]string{configMaps + "istio-canary": meshConfig, deployments + "istiod-canary": deployment},
			[]string{"Deployment", "ConfigMap"}, nil, ""},
		{"a shared ConfigMap", "", map[string]string{configMaps + "istio": meshConfig, configMaps + "shared": meshConfig, deployments + "istiod": sharing},
			[]string{"Deployment", "ConfigMap", "ConfigMap"}, nil, ""},
		{"a shared ConfigMap is not there", "", map[string]string{configMaps + "istio": meshConfig, deployments + "istiod": sharing}, []string{"Deployment", "ConfigMap"},
			[]string{"ConfigMap istio-system/shared is not there: nothing is laid below the MeshConfig"}, ""},
		{"nothing", "canary", nil, nil, []string{"Deployment istio-system/istiod-canary is not there: istiod's version and flags are taken to be the usual ones",
			"ConfigMap istio-system/istio-canary is not there: the MeshConfig is taken to be Istio's default"}, ""},
		{"no rights", "", map[string]string{configMaps + "istio": forbidden, deployments + "istiod": forbidden}, nil, []string{
			"the cluster's user may not read Deployment istio-system/istiod: istiod's version and flags are taken to be the usual ones",
			"the cluster's user may not read ConfigMap istio-system/istio: the MeshConfig is taken to be Istio's default"}, ""},
		{"a broken server", "", map[string]string{deployments + "istiod": deployment, configMaps + "istio": broken}, []string{"Deployment"}, nil,
			`read ConfigMap istio-system/istio: an error on the server ("unknown") has prevented the request from succeeding`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client := clusterOf(t, test.answers)
			docs, notes, err := ControlPlane(t.Context(), client, test.revision)
			var kinds []string
			for _, d := range docs {
				kinds = append(kinds, d.Head.Kind)
			}
			if !slices.Equal(kinds, test.want) || !slices.Equal(notes, test.notes) || (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
				t.Errorf("got %q, notes %q, error %v; want %q, %q, %q", kinds, notes, err, test.want, test.notes, test.err)
			}
		})
	}
}

// clusterOf returns a client of an API server that answers paths with objects or a Status.
func clusterOf(t *testing.T, answers map[string]string) dynamic.Interface {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer, ok := answers[r.URL.Path]
		switch {
		case !ok:
			w.WriteHeader(http.StatusNotFound)
			answer = `{"kind": "Status", "reason": "NotFound", "code": 404}`
		case strings.Contains(answer, `"code": 403`):
			w.WriteHeader(http.StatusForbidden)
		case strings.Contains(answer, `"code": 500`):
			w.WriteHeader(http.StatusInternalServerError)
		}
		_, _ = fmt.Fprint(w, answer)
	}))
	t.Cleanup(server.Close)
	client, err := dynamic.NewForConfig(&rest.Config{Host: server.URL, QPS: -1})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

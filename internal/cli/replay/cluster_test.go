package replay

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/tlsward/tlsward/internal/cli"
)

// answer is an API server's: a status, and the objects of a page with the token of the next.
type answer struct {
	status  int
	objects []string
	next    string
}

// cluster answers the lists of an API server, by path and by the token of the page.
type cluster func(path, token string) answer

// serve returns the address of an API server.
func serve(t *testing.T, c cluster) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if limit := r.URL.Query().Get("limit"); limit != fmt.Sprint(pageSize) {
			t.Errorf("%s: limit %q", r.URL, limit)
		}
		a := c(r.URL.Path, r.URL.Query().Get("continue"))
		if a.status != http.StatusOK {
			reason := map[int]string{http.StatusNotFound: "NotFound", http.StatusGone: "Expired", http.StatusForbidden: "Forbidden"}[a.status]
			w.WriteHeader(a.status)
			fmt.Fprintf(w, `{"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": %d, "reason": %q, "message": "said so"}`, a.status, reason)
			return
		}
		fmt.Fprintf(w, `{"apiVersion": "v1", "kind": "List", "metadata": {"continue": %q}, "items": [%s]}`, a.next, strings.Join(a.objects, ","))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func object(apiVersion, kind, name string) string {
	return fmt.Sprintf(`{"apiVersion": %q, "kind": %q, "metadata": {"name": %q, "namespace": "shop"}}`, apiVersion, kind, name)
}

func TestCluster(t *testing.T) {
	empty := answer{status: http.StatusOK}
	tests := []struct {
		name string
		cluster
		want []string
		err  string
	}{
		{"nothing is served", func(string, string) answer { return answer{status: http.StatusNotFound} }, nil, ""},
		{"the first version that is served", func(path, _ string) answer {
			switch path {
			case "/apis/networking.istio.io/v1/serviceentries":
				return answer{status: http.StatusNotFound}
			case "/apis/networking.istio.io/v1beta1/serviceentries", "/apis/networking.istio.io/v1alpha3/serviceentries":
				return answer{http.StatusOK, []string{object("networking.istio.io/v1beta1", "ServiceEntry", "a")}, ""}
			}
			return empty
		}, []string{"ServiceEntry shop/a"}, ""},
		{"page by page", func(path, token string) answer {
			switch {
			case path != "/api/v1/services":
				return empty
			case token == "":
				return answer{http.StatusOK, []string{object("v1", "Service", "a"), object("v1", "Service", "b")}, "rest"}
			case token == "rest":
				return answer{http.StatusOK, []string{object("v1", "Service", "c")}, ""}
			}
			return answer{status: http.StatusForbidden}
		}, []string{"Service shop/a", "Service shop/b", "Service shop/c"}, ""},
		{"it changes while it is read", func(_, token string) answer {
			if token == "" {
				return answer{status: http.StatusOK, next: "rest"}
			}
			return answer{status: http.StatusGone}
		}, nil, "read serviceentries: the cluster changed while it was read; try again"},
		{"expired at once", func(string, string) answer { return answer{status: http.StatusGone} }, nil, "read serviceentries: said so"},
		{"no rights", func(path, _ string) answer {
			if path == "/apis/networking.istio.io/v1/sidecars" {
				return answer{status: http.StatusForbidden}
			}
			return empty
		}, nil, "read sidecars: said so"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client, err := dynamic.NewForConfig(&rest.Config{Host: serve(t, test.cluster)})
			if err != nil {
				t.Fatal(err)
			}
			docs, err := Cluster(t.Context(), client)
			if (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
				t.Fatalf("got %v, want %q", err, test.err)
			}
			var got []string
			for _, d := range docs {
				got = append(got, d.Head.String())
				if d.File != "cluster" {
					t.Errorf("%s is of %s", d.Head, d.File)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestClusterReadsAllThatTheMeshReads(t *testing.T) {
	var got []string
	for _, versions := range resources() {
		got = append(got, versions[0].GroupResource().String())
	}
	want := []string{"serviceentries.networking.istio.io", "destinationrules.networking.istio.io", "virtualservices.networking.istio.io",
		"gateways.networking.istio.io", "sidecars.networking.istio.io", "workloadentries.networking.istio.io", "envoyfilters.networking.istio.io",
		"proxyconfigs.networking.istio.io", "authorizationpolicies.security.istio.io", "peerauthentications.security.istio.io",
		"requestauthentications.security.istio.io", "wasmplugins.extensions.istio.io", "trafficextensions.extensions.istio.io",
		"gateways.gateway.networking.k8s.io", "ingresses.networking.k8s.io", "services", "namespaces"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRunReadsTheCluster(t *testing.T) {
	address := serve(t, func(path, _ string) answer {
		if path == "/apis/networking.istio.io/v1/serviceentries" {
			return answer{http.StatusOK, []string{object("networking.istio.io/v1", "ServiceEntry", "a")}, ""}
		}
		return answer{status: http.StatusNotFound}
	})
	path := filepath.Join(t.TempDir(), "kubeconfig")
	kubeconfig := fmt.Sprintf("{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c}}], clusters: [{name: c, cluster: {server: %q}}]}", address)
	if err := os.WriteFile(path, []byte(kubeconfig), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	err := Run(t.Context(), Options{Kubeconfig: path, Policies: []string{"testdata/policy"}, Output: "text"}, cli.Streams{ProgressAfter: time.Hour, Out: &out, Err: &out})
	if want := "newly denied: ServiceEntry shop/a (cluster:1): owned\n"; !errors.Is(err, cli.ErrIssuesFound) || !strings.Contains(out.String(), want) {
		t.Errorf("%v, no %q in\n%s", err, want, out.String())
	}
}

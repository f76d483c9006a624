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
			reason := map[int]string{http.StatusNotFound: "NotFound", http.StatusGone: "Expired", http.StatusForbidden: "Forbidden", http.StatusUnauthorized: "Unauthorized"}[a.status]
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

func TestObjects(t *testing.T) {
	empty := answer{status: http.StatusOK}
	tests := []struct {
		name string
		cluster
		want []string
		note string
		err  string
	}{
		{"nothing is served", func(string, string) answer { return answer{status: http.StatusNotFound} }, nil, "",
			"nothing of the mesh can be read: the cluster does not serve: serviceentries.networking.istio.io, "},
		{"nothing may be listed", func(string, string) answer { return answer{status: http.StatusForbidden} }, nil, "",
			"nothing of the mesh can be read: the cluster's user may not list "},
		{"the first version that is served", func(path, _ string) answer {
			switch path {
			case "/apis/networking.istio.io/v1/serviceentries":
				return answer{status: http.StatusNotFound}
			case "/apis/networking.istio.io/v1beta1/serviceentries", "/apis/networking.istio.io/v1alpha3/serviceentries":
				return answer{http.StatusOK, []string{object("networking.istio.io/v1beta1", "ServiceEntry", "a")}, ""}
			}
			return empty
		}, []string{"ServiceEntry shop/a"}, "", ""},
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
		}, []string{"Service shop/a", "Service shop/b", "Service shop/c"}, "", ""},
		{"it changes while it is read", func(_, token string) answer {
			if token == "" {
				return answer{status: http.StatusOK, next: "rest"}
			}
			return answer{status: http.StatusGone}
		}, nil, "", "read serviceentries.networking.istio.io: the cluster changed while it was read; try again"},
		{"expired at once", func(string, string) answer { return answer{status: http.StatusGone} }, nil, "", "read serviceentries.networking.istio.io: said so"},
		{"no rights", func(path, _ string) answer {
			if path == "/apis/networking.istio.io/v1/sidecars" {
				return answer{status: http.StatusForbidden}
			}
			return empty
		}, nil, "the cluster's user may not list and the mesh is judged without: sidecars.networking.istio.io", ""},
		{"not in any version", func(path, _ string) answer {
			if strings.HasPrefix(path, "/apis/networking.istio.io/v1alpha3/") {
				return answer{status: http.StatusNotFound}
			}
			return empty
		}, nil, "the cluster does not serve: envoyfilters.networking.istio.io", ""},
		{"who is asking is not known", func(string, string) answer { return answer{status: http.StatusUnauthorized} }, nil, "",
			"read serviceentries.networking.istio.io: said so"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client, err := dynamic.NewForConfig(&rest.Config{Host: serve(t, test.cluster), QPS: -1})
			if err != nil {
				t.Fatal(err)
			}
			docs, notes, err := Objects(t.Context(), client)
			if (err == nil) != (test.err == "") || err != nil && !strings.HasPrefix(err.Error(), test.err) {
				t.Fatalf("got %v, want %q", err, test.err)
			}
			if note := strings.Join(notes, "\n"); note != test.note {
				t.Errorf("notes %q, want %q", note, test.note)
			}
			var got []string
			for _, d := range docs {
				got = append(got, d.Head.String())
				if d.Where() != "cluster" {
					t.Errorf("%s is of %s", d.Head, d.Where())
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestObjectsReadsAllThatTheMeshReads(t *testing.T) {
	var got []string
	address := serve(t, func(path, _ string) answer {
		got = append(got, path)
		return answer{status: http.StatusOK}
	})
	client, err := dynamic.NewForConfig(&rest.Config{Host: address, QPS: -1})
	if err != nil {
		t.Fatal(err)
	}
	if _, notes, err := Objects(t.Context(), client); err != nil || len(notes) > 0 {
		t.Errorf("%v, notes %q", err, notes)
	}
	slices.Sort(got)
	want := []string{"/api/v1/namespaces", "/api/v1/services", "/apis/extensions.istio.io/v1alpha1/trafficextensions",
		"/apis/extensions.istio.io/v1alpha1/wasmplugins", "/apis/gateway.networking.k8s.io/v1/backendtlspolicies", "/apis/gateway.networking.k8s.io/v1/gatewayclasses",
		"/apis/gateway.networking.k8s.io/v1/gateways",
		"/apis/gateway.networking.k8s.io/v1/grpcroutes", "/apis/gateway.networking.k8s.io/v1/httproutes",
		"/apis/gateway.networking.k8s.io/v1/listenersets", "/apis/gateway.networking.k8s.io/v1/referencegrants",
		"/apis/gateway.networking.k8s.io/v1/tcproutes", "/apis/gateway.networking.k8s.io/v1/tlsroutes",
		"/apis/networking.istio.io/v1/destinationrules", "/apis/networking.istio.io/v1/gateways",
		"/apis/networking.istio.io/v1/serviceentries", "/apis/networking.istio.io/v1/sidecars",
		"/apis/networking.istio.io/v1/virtualservices", "/apis/networking.istio.io/v1/workloadentries",
		"/apis/networking.istio.io/v1alpha3/envoyfilters", "/apis/networking.istio.io/v1beta1/proxyconfigs",
		"/apis/networking.k8s.io/v1/ingresses", "/apis/security.istio.io/v1/authorizationpolicies",
		"/apis/security.istio.io/v1/peerauthentications", "/apis/security.istio.io/v1/requestauthentications"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

package informer

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	core "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
)

// apiServer answers lists and watches of ConfigMaps: lists with list, watches with the events that come.
type apiServer struct {
	list   chan func(http.ResponseWriter)
	events chan string
}

func (a apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	q := r.URL.Query()
	switch {
	case r.URL.Path != "/api/v1/namespaces/istio-system/configmaps" || q.Get("fieldSelector") != "metadata.name=istio":
		w.WriteHeader(http.StatusForbidden)
	case q.Has("sendInitialEvents"): // as an older API server
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Invalid","code":422}`)
	case !q.Has("watch"):
		select {
		case answer := <-a.list:
			answer(w)
		case <-r.Context().Done():
		}
	default:
		for {
			select {
			case event := <-a.events:
				_, _ = fmt.Fprintln(w, event)
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				return
			}
		}
	}
}

const istioConfigMap = `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"namespace":"istio-system","name":"istio","resourceVersion":"%s"},"data":{"mesh":%q}}`

func TestObjectWatch(t *testing.T) {
	api := apiServer{list: make(chan func(http.ResponseWriter), 2), events: make(chan string)}
	api.list <- func(w http.ResponseWriter) { w.WriteHeader(http.StatusForbidden) }
	api.list <- func(w http.ResponseWriter) {
		_, _ = fmt.Fprint(w, `{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}`)
	}
	server := httptest.NewServer(api)
	defer server.Close()
	client, err := core.NewForConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	seen := make(chan string, 9)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		done <- Object{Client: client.RESTClient(), Resource: "configmaps", Namespace: "istio-system", Name: "istio", Type: &corev1.ConfigMap{},
			Changed: func(o runtime.Object) {
				if c, ok := o.(*corev1.ConfigMap); ok {
					seen <- c.Data["mesh"]
					return
				}
				seen <- "none"
			},
			Failed: func(error) { seen <- "failed" }}.Watch(ctx)
	}()
	want := func(next string) {
		t.Helper()
		select {
		case have := <-seen:
			if have != next {
				t.Fatalf("have %q, want %q", have, next)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%q is not seen", next)
		}
	}
	want("failed")
	want("none")
	api.events <- `{"type":"ADDED","object":` + fmt.Sprintf(istioConfigMap, "2", "a: 1") + `}`
	want("a: 1")
	api.events <- `{"type":"MODIFIED","object":` + fmt.Sprintf(istioConfigMap, "3", "a: 2") + `}`
	want("a: 2")
	api.events <- `{"type":"DELETED","object":` + fmt.Sprintf(istioConfigMap, "4", "a: 2") + `}`
	want("none")
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

package proxies

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/tlsward/tlsward/internal/cli/proxies/proxiestest"
)

func TestDump(t *testing.T) {
	envoy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RequestURI() != "/config_dump?include_eds" {
			http.Error(w, "invalid path", http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(w, `{"configs": []}`)
	}))
	t.Cleanup(envoy.Close)
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	t.Cleanup(busy.Close)
	elsewhere := httptest.NewServer(http.RedirectHandler(envoy.URL+"/config_dump?include_eds", http.StatusFound))
	t.Cleanup(elsewhere.Close)
	address := func(s *httptest.Server) string { return strings.TrimPrefix(s.URL, "http://") }
	server := &proxiestest.Server{Envoys: map[string]string{"shop/app": address(envoy), "shop/busy": address(busy), "shop/elsewhere": address(elsewhere)}}
	config := &rest.Config{Host: server.Start(t)}
	forbidding := &rest.Config{Host: (&proxiestest.Server{Forbidden: true}).Start(t)}

	var got string
	keep := func(r io.Reader) error {
		text, err := io.ReadAll(r)
		got = string(text)
		return err
	}
	err := Dump(t.Context(), config, types.NamespacedName{Namespace: "shop", Name: "app"}, 15001, keep)
	if err != nil || got != `{"configs": []}` || strings.Join(server.Ports(), " ") != "15001" {
		t.Errorf("got %q at ports %s, %v", got, server.Ports(), err)
	}
	broken := func(io.Reader) error { return errors.New("it is cut off") }
	if err := Dump(t.Context(), config, types.NamespacedName{Namespace: "shop", Name: "app"}, 15001, broken); err == nil || err.Error() != "it is cut off" {
		t.Errorf("the reader's error is %v", err)
	}
	err = Dump(t.Context(), config, types.NamespacedName{Namespace: "shop", Name: "busy"}, 15000, keep)
	if err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("an Envoy that answers 503: %v", err)
	}
	err = Dump(t.Context(), config, types.NamespacedName{Namespace: "shop", Name: "elsewhere"}, 15000, keep)
	if err == nil || !strings.Contains(err.Error(), "302") {
		t.Errorf("one that leads elsewhere: %v", err)
	}
	err = Dump(t.Context(), config, types.NamespacedName{Namespace: "shop", Name: "none"}, 15000, keep)
	if err == nil || !strings.HasPrefix(err.Error(), "ask Envoy at its admin port 15000") || !strings.Contains(err.Error(), "connection refused in the pod") {
		t.Errorf("a pod without a proxy: %v", err)
	}
	err = Dump(t.Context(), forbidding, types.NamespacedName{Namespace: "shop", Name: "app"}, 15000, keep)
	if err == nil || !strings.HasPrefix(err.Error(), "forward a port to it: ") || !strings.Contains(err.Error(), "forbidden") {
		t.Errorf("without the right: %v", err)
	}
}

package webhook

import (
	"net/http"
	"testing"
	"time"
)

// A client that keeps one connection busy must never see it end under a request. HTTP/1.1 is what API servers speak.
func TestDrainClosesConnections(t *testing.T) {
	server := startDraining(t, nothing, 500*time.Millisecond, nil)
	transport := server.client.Transport.(*http.Transport).Clone()
	transport.ForceAttemptHTTP2 = false
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetHTTP1(true)
	transport.TLSClientConfig.NextProtos = []string{"http/1.1"}
	client := &http.Client{Transport: transport}
	ask := func() (leaves bool) {
		response, err := client.Post(server.url, "application/json", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.Proto != "HTTP/1.1" {
			t.Fatalf("this is %s", response.Proto)
		}
		return response.Close
	}
	if ask() {
		t.Error("connections are given up while the server serves")
	}
	stopped := make(chan error, 1)
	go func() { stopped <- server.stop() }()
	eventually(t, "unready", func() bool { return server.health.Ready() != nil })
	if !ask() {
		t.Error("a connection is kept while the server drains")
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

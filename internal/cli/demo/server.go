package demo

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	admissionv1 "k8s.io/api/admission/v1"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tlsward/tlsward/certs"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook"
	"github.com/tlsward/tlsward/webhook/admission"
	"github.com/tlsward/tlsward/webhook/assume"
)

// server is the real server on loopback, and a client that trusts its certificate.
type server struct {
	cache   *assume.Cache
	address string
	client  *http.Client
	stop    func() error
}

// requestTimeout is far above what a review takes, and ends a demo that hangs.
const requestTimeout = 10 * time.Second

// start serves on a free port of loopback with a certificate made for this run.
func start(ctx context.Context, judge *admission.Evaluator) (*server, error) {
	certificate, err := certs.NewSelfSigned("127.0.0.1")
	if err != nil {
		return nil, err
	}
	tlsConfig, err := webhook.TLSConfig(certificate, "")
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	settings, err := admission.MeshSettings(judge.Config.Mesh, mesh.DefaultSettings())
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.DiscardHandler)
	s := &server{cache: assume.NewCache(settings), address: listener.Addr().String()}
	hooks := webhook.New(webhook.Options{Cache: s.cache, Seats: 1,
		Metrics: webhook.NewMetrics(prometheus.NewRegistry()), Log: log})
	hooks.Use(judge)
	serving := webhook.NewServer(webhook.ServerOptions{Listener: listener, TLS: tlsConfig, Health: &webhook.Health{}, Log: log})
	hooks.Register(serving)
	running, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- serving.Start(running) }()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(certificate.Bundle())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}, ForceAttemptHTTP2: true}
	s.client = &http.Client{Transport: transport, Timeout: requestTimeout}
	s.stop = func() error {
		transport.CloseIdleConnections()
		cancel()
		return <-done
	}
	return s, nil
}

// review asks the server at a path, as an API server asks.
func (s *server) review(ctx context.Context, path string, request *admissionv1.AdmissionRequest) (*admissionv1.AdmissionResponse, error) {
	review := admissionv1.AdmissionReview{Request: request}
	review.APIVersion, review.Kind = admissionv1.SchemeGroupVersion.String(), "AdmissionReview"
	body, err := json.Marshal(review)
	if err != nil {
		return nil, err
	}
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+s.address+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	post.Header.Set("Content-Type", "application/json")
	response, err := s.client.Do(post)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s: %s", path, response.Status, raw)
	}
	var answer admissionv1.AdmissionReview
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if answer.Response == nil || answer.Response.UID != request.UID {
		return nil, errors.New(path + " answers another review")
	}
	return answer.Response, nil
}

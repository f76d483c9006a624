package serve

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/tlsward/tlsward/webhook"
)

// listen opens a port; 0 picks one.
func (s *server) listen(name string, port int) (net.Listener, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(s.Bind, strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("open the port for %s: %w", name, err)
	}
	s.log.Info("listening", "for", name, "address", l.Addr().String())
	return l, nil
}

// addListeners opens the three ports and adds what serves on them.
func (s *server) addListeners(hooks *webhook.Webhooks, certificates webhook.Certificates) error {
	tlsConfig, err := webhook.TLSConfig(certificates, s.ClientCA)
	if err != nil {
		return err
	}
	reviews, err := s.listen("reviews", max(s.Port, 0))
	if err != nil {
		return err
	}
	if err := s.addHTTP("metrics", s.MetricsPort, s.metricsRoutes()); err != nil {
		return err
	}
	if err := s.addHTTP("probes", s.HealthPort, s.health.Routes()); err != nil {
		return err
	}
	server := webhook.NewServer(webhook.ServerOptions{Listener: reviews, TLS: tlsConfig, Health: s.health, Log: s.log})
	hooks.Register(server)
	return s.group.Add(server)
}

// addHTTP serves a handler on a port; -1 serves nothing.
func (s *server) addHTTP(name string, port int, handler http.Handler) error {
	if port < 0 {
		return nil
	}
	l, err := s.listen(name, port)
	if err != nil {
		return err
	}
	timeout := webhook.ShutdownTimeout
	return s.group.Add(&manager.Server{Name: name, Listener: l, ShutdownTimeout: &timeout, Server: &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}})
}

// metricsRoutes serves the program's own metrics, and those that controller-runtime and client-go keep in a registry of
// the process.
func (s *server) metricsRoutes() http.Handler {
	// They are there already where a controller is linked in.
	_ = ctrlmetrics.Registry.Register(collectors.NewGoCollector())
	_ = ctrlmetrics.Registry.Register(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	all := prometheus.Gatherers{s.registry, ctrlmetrics.Registry}
	mux.Handle("GET /metrics", promhttp.HandlerFor(all, promhttp.HandlerOpts{}))
	return mux
}

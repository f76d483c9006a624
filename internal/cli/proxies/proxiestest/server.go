// Package proxiestest has an API server for tests that ask the proxies of pods.
package proxiestest

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// Server is an API server that has pods, keeps ConfigMaps and Events, and forwards ports to the pods, over SPDY as kubelet does, or refuses to.
type Server struct {
	Pods []corev1.Pod
	// Envoys are the admin ports of the pods' proxies, by "namespace/pod"; a pod without one has nothing at its port.
	Envoys map[string]string
	// Forbidden refuses to forward.
	Forbidden bool

	mu     sync.Mutex
	ports  []string // that were asked for
	kept   map[string][]byte
	events []eventsv1.Event
}

// Start starts the server, which ends with the test, and returns its URL.
func (s *Server) Start(t *testing.T) string {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/pods", s.list)
	mux.HandleFunc("GET /api/v1/namespaces/{namespace}/pods", s.list)
	mux.HandleFunc("/api/v1/namespaces/{namespace}/pods/{pod}/portforward", s.forward)
	mux.HandleFunc("GET /api/v1/namespaces/{namespace}/pods/{pod}", s.get)
	mux.HandleFunc("GET /api/v1/namespaces/{namespace}/configmaps/{name}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		status(w, http.StatusNotFound, "NotFound")
	})
	mux.HandleFunc("PATCH /api/v1/namespaces/{namespace}/configmaps/{name}", s.apply)
	mux.HandleFunc("POST /apis/events.k8s.io/v1/namespaces/{namespace}/events", s.announce)
	mux.HandleFunc("GET /apis/{group}/{version}/{resource}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"apiVersion": "v1", "kind": "List", "items": []}`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// Ports returns the ports that were asked for so far.
func (s *Server) Ports() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ports)
}

// Kept returns what was last applied as an object, by its path; nil where nothing was.
func (s *Server) Kept(path string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept[path]
}

// Events returns those that were created so far.
func (s *Server) Events() []eventsv1.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

func (s *Server) get(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	for _, p := range s.Pods {
		if p.Namespace == r.PathValue("namespace") && p.Name == r.PathValue("pod") {
			p.APIVersion, p.Kind, p.UID = "v1", "Pod", types.UID("uid of "+p.Name)
			_ = json.NewEncoder(w).Encode(p)
			return
		}
	}
	status(w, http.StatusNotFound, "NotFound")
}

func (s *Server) apply(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Header.Get("Content-Type") != string(types.ApplyYAMLPatchType) {
		http.Error(w, "no server-side apply", http.StatusUnsupportedMediaType)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil {
		s.kept = map[string][]byte{}
	}
	s.kept[r.URL.Path] = body
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
}

func (s *Server) announce(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var e eventsv1.Event
	if err == nil {
		_, _, err = scheme.Codecs.UniversalDeserializer().Decode(body, nil, &e) // clients send protobuf
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if slices.ContainsFunc(s.events, func(other eventsv1.Event) bool { return other.Name == e.Name && other.Namespace == e.Namespace }) {
		status(w, http.StatusConflict, "AlreadyExists")
		return
	}
	s.events = append(s.events, e)
	_ = json.NewEncoder(w).Encode(e)
}

// status answers with a failure.
func status(w http.ResponseWriter, code int, reason string) {
	w.WriteHeader(code)
	_, _ = fmt.Fprintf(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": %d, "reason": %q}`, code, reason)
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	if want := "status.phase=Running"; r.URL.Query().Get("fieldSelector") != want {
		http.Error(w, "pods are listed by another selector than "+want, http.StatusBadRequest)
		return
	}
	list := corev1.PodList{}
	list.APIVersion, list.Kind = "v1", "PodList"
	for _, p := range s.Pods {
		if in := r.PathValue("namespace"); in != "" && in != p.Namespace || p.Status.Phase != corev1.PodRunning {
			continue
		}
		list.Items = append(list.Items, p)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(list)
}

func (s *Server) forward(w http.ResponseWriter, r *http.Request) {
	if s.Forbidden {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403, "reason": "Forbidden", "message": "pods \"app\" is forbidden: no pods/portforward"}`)
		return
	}
	if !strings.EqualFold(r.Header.Get("Upgrade"), spdy.HeaderSpdy31) {
		http.Error(w, "no WebSockets here", http.StatusBadRequest)
		return
	}
	if _, err := httpstream.Handshake(r, w, []string{"portforward.k8s.io"}); err != nil {
		return // it has answered
	}
	streams := make(chan httpstream.Stream, 8)
	connection := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(stream httpstream.Stream, _ <-chan struct{}) error {
		streams <- stream
		return nil
	})
	if connection == nil {
		return
	}
	defer connection.Close()
	var failures httpstream.Stream
	for {
		select {
		case <-connection.CloseChan():
			return
		case stream := <-streams:
			if stream.Headers().Get(corev1.StreamType) == corev1.StreamTypeError {
				failures = stream
				continue
			}
			s.mu.Lock()
			s.ports = append(s.ports, stream.Headers().Get(corev1.PortHeader))
			s.mu.Unlock()
			s.carry(stream, failures, r.PathValue("namespace")+"/"+r.PathValue("pod"))
		}
	}
}

// carry connects a stream with what listens in a pod.
func (s *Server) carry(stream, failures httpstream.Stream, pod string) {
	conn, err := net.Dial("tcp", s.Envoys[pod])
	if err != nil {
		_, _ = fmt.Fprint(failures, "connection refused in the pod")
		_, _ = failures.Close(), stream.Close()
		return
	}
	go func() {
		_, _ = io.Copy(conn, stream)
		_ = conn.Close()
	}()
	go func() {
		_, _ = io.Copy(stream, conn)
		_, _ = failures.Close(), stream.Close()
	}()
}

// Pod returns a running pod with these containers.
func Pod(namespace, name string, containers ...corev1.Container) corev1.Pod {
	p := corev1.Pod{}
	p.Namespace, p.Name, p.Spec.Containers = namespace, name, containers
	p.Status.Phase = corev1.PodRunning
	return p
}

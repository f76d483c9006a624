package report

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
)

const entryText = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: bank, namespace: shop}
spec: {hosts: [api.bank.example], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
`

const ruleText = `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: bank, namespace: shop}
spec: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}
`

// servedReport is a report of a file that is being served.
type servedReport struct {
	testing.TB
	url, path string
}

// serveFile serves the report of a file that has a text, until the test ends.
func serveFile(t *testing.T, text string) servedReport {
	t.Helper()
	s := servedReport{TB: t, path: filepath.Join(t.TempDir(), "mesh.yaml")}
	s.write(text)
	out, in := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		o := Options{Source: offline.Source{Namespace: "default", Paths: []string{s.path}}, Output: "text", Serve: true, Every: time.Millisecond}
		ended <- Run(ctx, o, cli.Streams{ProgressAfter: time.Hour, Out: in, Err: io.Discard})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("it ended with %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	s.url, _, _ = strings.Cut(line, " ")
	return s
}

func (s servedReport) write(text string) {
	s.Helper()
	if err := os.WriteFile(s.path, []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
}

// get returns the status and the body that a request for a path is answered with.
func (s servedReport) get(method, path, host string) (int, string) {
	s.Helper()
	request, err := http.NewRequestWithContext(s.Context(), method, s.url+path, nil)
	if err != nil {
		s.Fatal(err)
	}
	if host != "" {
		request.Host = host
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		s.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		s.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// until asks for news until they are as they should be.
func (s servedReport) until(tag string, ok func(news) bool) news {
	s.Helper()
	var n news
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		n = news{}
		if _, body := s.get(http.MethodGet, "news?tag="+tag, ""); json.Unmarshal([]byte(body), &n) == nil && ok(n) {
			return n
		}
	}
	s.Fatalf("the news stay %+v", n)
	return n
}

// A page is told what has changed, and nothing else; a file that is broken takes nothing away.
func TestServe(t *testing.T) {
	s := serveFile(t, entryText)
	_, page := s.get(http.MethodGet, "", "")
	if data := dataOf(t, page); data.Summary.BadPorts != 1 || !strings.Contains(page, "connect-src 'self'") || !strings.Contains(page, "function follow") {
		t.Errorf("the page has %d ports to mend", data.Summary.BadPorts)
	}
	_, rest, _ := strings.Cut(page, `data-tag="`)
	tag, _, _ := strings.Cut(rest, `"`)
	first := s.until(tag, func(n news) bool { return n.Tag == tag })
	if first.Data != "" {
		t.Error("data come again though they are the same")
	}
	s.until(tag, func(n news) bool { return n.Made.After(first.Made) && n.Tag == tag }) // it was read again

	s.write(entryText + ruleText)
	mended := s.until(tag, func(n news) bool { return n.Tag != tag })
	if mended.Data == "" || mended.Wrong != "" {
		t.Errorf("got %+v", mended)
	}
	s.write("a: [")
	s.until(mended.Tag, func(n news) bool { return strings.Contains(n.Wrong, "mesh.yaml") })
	if err := os.Remove(s.path); err != nil {
		t.Fatal(err)
	}
	gone := s.until(mended.Tag, func(n news) bool { return strings.Contains(n.Wrong, "could not be read again") })
	s.write(entryText + ruleText)
	s.until(gone.Tag, func(n news) bool { return n.Wrong == "" && n.Tag == mended.Tag })
}

// Only who sits at the machine is answered, and only about what there is.
func TestServeAnswersThisMachineAlone(t *testing.T) {
	s := serveFile(t, entryText)
	tests := []struct {
		name, method, path, host string
		want                     int
	}{
		{"by its address", "GET", "", "", 200},
		{"by its name, over another port", "GET", "", "localhost:1", 200},
		{"IPv6", "GET", "", "[::1]:8390", 200},
		{"a name that leads here", "GET", "news", "evil.example", 403},
		{"another address", "GET", "news", "192.0.2.1:8390", 403},
		{"another path", "GET", "etc/passwd", "", 404},
		{"to change something", "POST", "", "", 405},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got, body := s.get(test.method, test.path, test.host); got != test.want {
				t.Errorf("got %d, want %d: %s", got, test.want, body)
			}
		})
	}
}

// Nothing is read while nobody looks, and what fails is tried again.
func TestFollowRestsWhileNobodyLooks(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var s served
	read := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.follow(ctx, 0, time.Millisecond, func(context.Context) (report, error) {
			read <- struct{}{}
			return report{}, errors.New("no cluster")
		})
	}()
	select {
	case <-read:
		t.Fatal("it was read for nobody")
	case <-time.After(3 * glance):
	}
	s.ask()
	<-read
	<-read
	if n := s.ask(); !strings.Contains(n.Wrong, "no cluster") {
		t.Errorf("got %+v", n)
	}
	cancel()
	<-ended
}

func TestServeRefuses(t *testing.T) {
	tests := []struct {
		name string
		o    Options
		want string
	}{
		{"another output", Options{Output: "csv", Every: 1}, "--serve shows a page: have --output csv"},
		{"standard input", Options{Output: "text", Every: 1, Source: offline.Source{Paths: []string{"-"}}},
			"--serve reads the manifests again and again, which standard input does not allow: name files"},
		{"no time between", Options{Output: "text"}, "--every: want a duration above 0, have 0s"},
		{"no such file", Options{Output: "text", Every: 1, Source: offline.Source{Paths: []string{"testdata/none.yaml"}}}, "testdata/none.yaml"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.o.Serve = true
			err := Run(t.Context(), test.o, cli.Streams{ProgressAfter: time.Hour, Out: io.Discard, Err: io.Discard})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

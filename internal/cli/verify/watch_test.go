package verify

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/cli/proxies/proxiestest"
	"github.com/tlsward/tlsward/internal/verified"
)

// lines is a log that may be read while it is written.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// await waits until something holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

func TestWatch(t *testing.T) {
	sidecar := corev1.Container{Name: "istio-proxy"}
	server := &proxiestest.Server{
		Pods: []corev1.Pod{proxiestest.Pod("default", "patched", sidecar), proxiestest.Pod("default", "other", sidecar), proxiestest.Pod("default", "silent", sidecar),
			proxiestest.Pod("default", "liar", sidecar)},
		Envoys: map[string]string{"default/patched": admin(t, "testdata/patched.json"), "default/other": admin(t, "testdata/other.json"),
			"default/liar": admin(t, "testdata/patched.json")},
	}
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	text := `{apiVersion: v1, kind: Config, current-context: a, clusters: [{name: c, cluster: {server: "` + server.Start(t) + `"}}],
  contexts: [{name: a, context: {cluster: c, namespace: default}}]}`
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o := WatchOptions{
		Options: Options{Source: offline.Source{Paths: []string{"testdata/mesh.yaml"}, Kubeconfig: kubeconfig}, AdminPort: 15000, Output: "text"},
		Every:   time.Second, Metrics: "127.0.0.1:0", Events: true, Keep: "tlsward-system/tlsward-verify",
	}
	ctx, stop := context.WithCancel(t.Context())
	var log lines
	ended := make(chan error, 1)
	go func() { ended <- Watch(ctx, o, cli.Streams{ProgressAfter: time.Hour, Out: io.Discard, Err: &log}) }()
	await(t, "two rounds", func() bool { return strings.Count(log.String(), `"msg":"compared"`) >= 2 })
	address := regexp.MustCompile(`"address":"([^"]+)"`).FindStringSubmatch(log.String())
	if address == nil {
		t.Fatalf("the log names no address:\n%s", log.String())
	}
	metrics := get(t, "http://"+address[1]+"/metrics")
	for _, want := range []string{"tlsward_model_disagreements 1\n", "tlsward_model_connections 4\n", `tlsward_model_proxies{result="asked"} 2`,
		`tlsward_model_proxies{result="unreached"} 2`, "tlsward_model_rounds_failed_total 0\n"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics lack %s:\n%s", want, metrics)
		}
	}
	get(t, "http://"+address[1]+"/healthz")
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), `"msg":"differs","proxy":"sidecar default/patched"`) || !strings.Contains(log.String(), `"it answers as the proxy of default/patched"`) {
		t.Errorf("the log:\n%s", log.String())
	}
	var kept corev1.ConfigMap
	if err := json.Unmarshal(server.Kept("/api/v1/namespaces/tlsward-system/configmaps/tlsward-verify"), &kept); err != nil {
		t.Fatal(err)
	}
	round, err := verified.Read(kept.Data)
	if err != nil || round.String() != "4 connections of 2 proxies compared: 1 differ; 2 proxies could not be asked" {
		t.Errorf("kept %s, %v", round, err)
	}
	events := server.Events()
	if len(events) != 1 {
		t.Fatalf("%d Events: what stays wrong is one, whichever round it is. The log:\n%s", len(events), log.String())
	}
	if e := events[0]; e.Regarding.Name != "patched" || e.Regarding.UID == "" || !strings.Contains(e.Note, "Of 2 connections 1 are not as tlsward says. To ") ||
		!strings.HasSuffix(e.Note, " `tlsward verify patched.default` tells all.") || len(e.Note) > maxNote {
		t.Errorf("the Event is %+v", e)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("%s: %s, %v", url, response.Status, err)
	}
	return string(body)
}

func TestWatchGoesOnAfterARoundThatFails(t *testing.T) {
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	text := `{apiVersion: v1, kind: Config, current-context: a, clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}], contexts: [{name: a, context: {cluster: c}}]}`
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o := WatchOptions{Options: Options{Source: offline.Source{Paths: []string{"testdata/mesh.yaml"}, Kubeconfig: kubeconfig}, AdminPort: 15000, Output: "text"}, Every: time.Second}
	ctx, stop := context.WithCancel(t.Context())
	var log lines
	ended := make(chan error, 1)
	go func() { ended <- Watch(ctx, o, cli.Streams{ProgressAfter: time.Hour, Out: io.Discard, Err: &log}) }()
	await(t, "two rounds that fail", func() bool { return strings.Count(log.String(), `"msg":"nothing was compared"`) >= 2 })
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestWatchRefusesBadOptions(t *testing.T) {
	for _, tc := range []struct {
		change func(*WatchOptions)
		want   string
	}{
		{func(o *WatchOptions) { o.Every = time.Millisecond }, "--every: want a second at least, have 1ms"},
		{func(o *WatchOptions) { o.Dumps = []string{"a.json"} }, "--every asks the cluster's proxies again and again: leave out --dump"},
		{func(o *WatchOptions) { o.Output = "json" }, "--every writes a log: leave out --output json"},
		{func(o *WatchOptions) { o.Keep = "verify" }, `--keep: "verify" names no ConfigMap: want NAMESPACE/NAME`},
		{func(o *WatchOptions) { o.Metrics = "nowhere" }, "serve the metrics (--metrics): listen tcp: address nowhere: missing port in address"},
	} {
		o := WatchOptions{Options: Options{Output: "text"}, Every: time.Minute}
		tc.change(&o)
		if err := Watch(t.Context(), o, cli.Streams{Err: io.Discard}); err == nil || err.Error() != tc.want {
			t.Errorf("got %v, want %s", err, tc.want)
		}
	}
}

// Each metric of a watch is in the docs.
func TestWatchMetricsAreDocumented(t *testing.T) {
	docs, err := os.ReadFile("../../../docs/proxies.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("metrics.go")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`tlsward_model_[a-z_]+`).FindAllString(string(source), -1)
	if len(names) < 6 {
		t.Errorf("only %q", names)
	}
	for _, name := range names {
		if !strings.Contains(string(docs), "`"+name) {
			t.Errorf("docs/proxies.md does not tell of %s", name)
		}
	}
}

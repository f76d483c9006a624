package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// screen is an output that is read while it is written.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) waitFor(t *testing.T, text string) {
	t.Helper()
	for range 600 {
		s.mu.Lock()
		got := s.text.String()
		s.mu.Unlock()
		if strings.Contains(got, text) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%q does not come; there is\n%s", text, s.text.String())
}

func TestWatchRunsAgainWhenAFileChanges(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "suite.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	passes := read(t, "testdata/suites/passes.yaml")
	write(passes)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, stderr screen
	done := make(chan int)
	go func() { done <- run(ctx, []string{"test", "--watch", dir}, strings.NewReader(""), &out, &stderr) }()
	out.waitFor(t, "2 passed, 0 failed\n")
	write(strings.Replace(passes, "strict: true", "strict: false", 1))
	out.waitFor(t, "1 passed, 1 failed\n")
	write("kind: Suite\n")
	out.waitFor(t, "suite.yaml:1: ")
	cancel()
	if code := <-done; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestProgressSpeaksUpAfterASecond(t *testing.T) {
	var out screen
	stop := progress(&out, "working")
	stop()
	if out.text.Len() > 0 {
		t.Errorf("at once: %q", out.text.String())
	}
	stop = progress(&out, "working")
	out.waitFor(t, "tlsward: working (")
	stop()
}

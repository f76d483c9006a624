package test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tlsward/tlsward/internal/cli"
)

func TestWatchRunsAgainWhenAFileChanges(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "below", "suite.yaml")
	tests := []struct {
		name   string
		change func() error
		runs   int32
	}{
		{"at once", func() error { return nil }, 1},
		{"nothing changes", func() error { return nil }, 1},
		{"a file appears", func() error {
			return errors.Join(os.Mkdir(filepath.Dir(file), 0o700), os.WriteFile(file, []byte("a"), 0o600))
		}, 2},
		{"its size changes", func() error { return os.WriteFile(file, []byte("ab"), 0o600) }, 3},
		{"its time changes", func() error { return os.Chtimes(file, time.Time{}, time.Unix(1, 0)) }, 4},
		{"it goes", func() error { return os.Remove(file) }, 5},
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var out strings.Builder
		var runs atomic.Int32
		ended := make(chan error)
		go func() {
			ended <- watch(ctx, &out, []string{dir}, func() error { runs.Add(1); return nil })
		}()
		for _, test := range tests {
			if err := test.change(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * watchInterval)
			synctest.Wait()
			if got := runs.Load(); got != test.runs {
				t.Errorf("%s: %d runs, want %d", test.name, got, test.runs)
			}
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("interrupted: %v", err)
		}
		if out.String() != "\n\n\n\n" {
			t.Errorf("got %q, want an empty line before each run but the first", out.String())
		}
	})
}

func TestWatchGoesOnAfterAnError(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"a run that could not be done is told", errors.New("suite.yaml:1: no cases"), "tlsward: suite.yaml:1: no cases\n"},
		{"a case that failed has been reported", cli.ErrIssuesFound, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			var out strings.Builder
			if err := watch(ctx, &out, nil, func() error { return test.err }); err != nil {
				t.Error(err)
			}
			if out.String() != test.want {
				t.Errorf("got %q, want %q", out.String(), test.want)
			}
		})
	}
}

package config

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

// Watcher follows one configuration file. It compares the content, not names or times: a ConfigMap volume swaps a
// symlink two levels up, and some editors write a new file over the old one. Reading a few kilobytes every other
// second costs less than getting each of those right.
type Watcher struct {
	// Path is the file.
	Path string
	// Interval is the time between two looks; 2 s if zero.
	Interval time.Duration
	// Apply puts a new configuration into force, whole or not at all. Its error means that the last one stays.
	Apply func(*v1alpha1.Config) error
	// Report hears of every change: nil after it was applied, else why it was not. A file that stays broken in the
	// same way is reported once.
	Report func(error)
}

// Run looks until ctx is done. loaded is the content in force when it starts; a change between the first load and
// Run is thus seen too. nil means that whatever is there is new.
func (w *Watcher) Run(ctx context.Context, loaded []byte) {
	interval := w.Interval
	if interval <= 0 {
		interval = 2 * time.Second
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	look := looker{w: w, last: loaded}
	for {
		look.once()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// looker remembers what the last look found.
type looker struct {
	w       *Watcher
	last    []byte // the last content that was tried, good or bad
	failure string // the last read error
}

func (l *looker) once() {
	raw, err := os.ReadFile(l.w.Path)
	if err != nil {
		if err.Error() != l.failure {
			l.failure = err.Error()
			l.w.Report(fmt.Errorf("read configuration: %w", err))
		}
		return
	}
	l.failure = ""
	if l.last != nil && bytes.Equal(raw, l.last) {
		return
	}
	l.last = raw
	l.w.Report(l.apply(raw))
}

func (l *looker) apply(raw []byte) error {
	c, err := v1alpha1.ParseConfig(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", l.w.Path, err)
	}
	return l.w.Apply(c)
}

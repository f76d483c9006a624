package config

import (
	"bytes"
	"cmp"
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
	// Interval is the time between two reads; 2 s if zero.
	Interval time.Duration
	// Apply has a new configuration take effect, whole or not at all. If it returns an error, the last one stays.
	Apply func(*v1alpha1.Config) error
	// Report is called for every change: with nil after it was applied, else with why it was not. A file that stays
	// broken in the same way is reported once.
	Report func(error)
}

// Run reads the file until ctx is done. loaded is the content that is in effect when it starts, so that a change between
// the first load and Run is not missed; nil if none is.
func (w *Watcher) Run(ctx context.Context, loaded []byte) {
	tick := time.NewTicker(cmp.Or(w.Interval, 2*time.Second))
	defer tick.Stop()
	p := poller{watcher: w, lastContent: loaded}
	for {
		p.poll()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// poller remembers what the last read found.
type poller struct {
	watcher       *Watcher
	lastContent   []byte // the last content that was tried, good or bad
	lastReadError string // the last read error
}

func (p *poller) poll() {
	raw, err := os.ReadFile(p.watcher.Path)
	if err != nil {
		if err.Error() != p.lastReadError {
			p.lastReadError = err.Error()
			p.watcher.Report(fmt.Errorf("read configuration: %w", err))
		}
		return
	}
	p.lastReadError = ""
	if p.lastContent != nil && bytes.Equal(raw, p.lastContent) {
		return
	}
	p.lastContent = raw
	p.watcher.Report(p.apply(raw))
}

func (p *poller) apply(raw []byte) error {
	c, err := Parse(p.watcher.Path, raw)
	if err != nil {
		return err
	}
	return p.watcher.Apply(c)
}

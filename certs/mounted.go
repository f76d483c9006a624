package certs

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// mountedInterval is how often the files are read again. A mounted Secret is swapped by a symlink some directories up,
// which file watches miss in many ways; two small reads every few seconds miss nothing.
const mountedInterval = 5 * time.Second

// Mounted is a source that reads tls.crt and tls.key from a directory, and again when they change. A pair that cannot
// be used is refused, and the last good one stays.
type Mounted struct {
	dir      string
	log      *slog.Logger
	interval time.Duration

	current  atomic.Pointer[tls.Certificate]
	refusal  atomic.Pointer[string]
	lastRead []byte // what the last reload read, so that a broken pair is reported once
}

// NewMounted reads the pair in dir. It returns an error if there is no good pair at start.
func NewMounted(dir string, log *slog.Logger) (*Mounted, error) {
	m := &Mounted{dir: dir, log: log, interval: mountedInterval}
	if err := m.reload(wallClock()); err != nil {
		return nil, fmt.Errorf("load the serving certificate: %w", err)
	}
	return m, nil
}

// GetCertificate returns the last good pair.
func (m *Mounted) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if c := m.current.Load(); c != nil {
		return c, nil
	}
	return nil, errNoCertificate
}

// Start reads the files again every few seconds until ctx is done.
func (m *Mounted) Start(ctx context.Context) error {
	ticker := time.NewTicker(m.interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := m.reload(wallClock()); err != nil {
				m.log.Error("the mounted certificate was refused; the last good one stays", "error", err)
			}
		}
	}
}

// Healthy returns an error if the pair presented has expired. A refused newer pair alone does not make the server
// unready.
func (m *Mounted) Healthy() error {
	c := m.current.Load()
	if c == nil {
		return errNoCertificate
	}
	if validAt(c.Leaf, wallClock()) {
		return nil
	}
	err := fmt.Errorf("the certificate in %s is valid from %s to %s only", m.dir,
		c.Leaf.NotBefore.Format(time.RFC3339), c.Leaf.NotAfter.Format(time.RFC3339))
	if why := m.refusal.Load(); why != nil {
		err = errors.Join(err, errors.New(*why))
	}
	return err
}

// NotAfter returns when the pair presented expires.
func (m *Mounted) NotAfter() time.Time {
	if c := m.current.Load(); c != nil {
		return c.Leaf.NotAfter
	}
	return time.Time{}
}

// reload takes a changed pair over. It returns an error once for each pair that cannot be used.
func (m *Mounted) reload(now time.Time) error {
	crt, key, err := m.readFiles()
	if err != nil {
		return m.refuse(err.Error(), []byte(err.Error()))
	}
	read := bytes.Join([][]byte{crt, key}, []byte{0})
	if bytes.Equal(read, m.lastRead) {
		return nil
	}
	pair, err := tls.X509KeyPair(crt, key)
	switch {
	case err != nil:
		return m.refuse(fmt.Sprintf("read the pair in %s: %v", m.dir, err), read)
	case m.current.Load() != nil && !now.Before(pair.Leaf.NotAfter):
		return m.refuse(fmt.Sprintf("the pair in %s expired at %s", m.dir, pair.Leaf.NotAfter.Format(time.RFC3339)), read)
	}
	m.current.Store(&pair)
	m.refusal.Store(nil)
	m.lastRead = read
	m.log.Info("mounted certificate loaded", "directory", m.dir, "notAfter", pair.Leaf.NotAfter)
	return nil
}

// refuse remembers why a pair is not taken, and returns that as an error unless the same files were refused before.
func (m *Mounted) refuse(why string, read []byte) error {
	m.refusal.Store(&why)
	if bytes.Equal(read, m.lastRead) {
		return nil
	}
	m.lastRead = read
	return errors.New(why)
}

func (m *Mounted) readFiles() (crt, key []byte, err error) {
	if crt, err = os.ReadFile(filepath.Join(m.dir, "tls.crt")); err != nil {
		return nil, nil, err
	}
	if key, err = os.ReadFile(filepath.Join(m.dir, "tls.key")); err != nil {
		return nil, nil, err
	}
	return crt, key, nil
}

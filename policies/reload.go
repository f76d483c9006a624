package policies

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

// Reloader holds the active engine, and replaces it when the configuration or the sources change. The new engine is
// compiled and tested first. If that succeeds, it is activated for all evaluations that start from then on; else the
// last good engine stays active.
type Reloader struct {
	engine        atomic.Pointer[Engine]
	activationErr atomic.Pointer[error]

	mu         sync.Mutex // one reload at a time; guards what follows
	config     *v1alpha1.Config
	sources    []Source
	attempted  *sourceContent // of the last activation that was attempted
	attemptErr error          // of that attempt
	active     *sourceContent // of the active engine
}

// NewReloader compiles and activates the first engine. It is an error if that fails.
func NewReloader(ctx context.Context, cfg *v1alpha1.Config, sources ...Source) (*Reloader, error) {
	r := &Reloader{sources: sources}
	found, stale, err := loadSources(ctx, sources)
	if err != nil {
		return nil, err
	}
	if err := r.activate(ctx, cfg, found); err != nil {
		return nil, err
	}
	_ = r.setActivationError(stale) // ActivationError reports it
	return r, nil
}

// Engine returns the active engine.
func (r *Reloader) Engine() *Engine { return r.engine.Load() }

// ActivationError returns why the newest policies or configuration are not active; nil if they are.
func (r *Reloader) ActivationError() error {
	if err := r.activationErr.Load(); err != nil {
		return *err
	}
	return nil
}

// Configure activates a new configuration with the current content of the sources. If a source cannot be read, it
// activates the configuration with the content that is active: a bundle server that is down must not hold it up.
func (r *Reloader) Configure(ctx context.Context, cfg *v1alpha1.Config) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	found, stale, unread := loadSources(ctx, r.sources)
	if unread != nil {
		found = r.active
	}
	err := r.activate(ctx, cfg, found)
	_ = r.setActivationError(errors.Join(unread, stale, err)) // ActivationError reports unread sources
	return err
}

// Refresh reads the sources, and activates their content if it differs from the last attempt. changed reports whether
// an activation was attempted, successful or not, and if ActivationError has changed: a source became unreadable, or
// readable again.
func (r *Reloader) Refresh(ctx context.Context) (changed bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	was := r.ActivationError()
	found, stale, err := loadSources(ctx, r.sources)
	switch {
	case err != nil:
	case found.equal(r.attempted):
		err = errors.Join(r.attemptErr, stale)
	default:
		changed, err = true, errors.Join(r.activate(ctx, r.config, found), stale)
	}
	return changed || !sameText(was, err), r.setActivationError(err)
}

func sameText(a, b error) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return a.Error() == b.Error()
}

// Run refreshes at the interval until ctx is done, and calls report for every change, with nil after an activation. It
// compares contents, not modification times: a ConfigMap volume changes by replacing a symbolic link two levels up.
func (r *Reloader) Run(ctx context.Context, interval time.Duration, report func(error)) {
	tick := time.NewTicker(cmp.Or(interval, 2*time.Second))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if changed, err := r.Refresh(ctx); changed && ctx.Err() == nil {
			report(err)
		}
	}
}

func (r *Reloader) activate(ctx context.Context, cfg *v1alpha1.Config, found *sourceContent) error {
	e, err := New(ctx, cfg, found)
	r.attempted, r.attemptErr = found, err
	if err != nil {
		return err
	}
	r.config, r.active = cfg, found
	r.engine.Store(e)
	return nil
}

func (r *Reloader) setActivationError(err error) error {
	if err == nil {
		r.activationErr.Store(nil)
	} else {
		r.activationErr.Store(&err)
	}
	return err
}

// sourceContent is the content of all sources at one moment. It is the DataSource of an engine, so that the engine is
// compiled from what was compared.
type sourceContent struct {
	files      Files
	data       map[string]any
	incomplete bool
}

// Incomplete reports whether one of the sources had not been read.
func (c *sourceContent) Incomplete() bool { return c.incomplete }

// Load returns the files.
func (c *sourceContent) Load(ctx context.Context) (map[string]string, error) {
	return c.files.Load(ctx)
}

// Data returns the documents.
func (c *sourceContent) Data(context.Context) (map[string]any, error) { return c.data, nil }

func (c *sourceContent) equal(other *sourceContent) bool {
	return c.incomplete == other.incomplete && maps.Equal(c.files, other.files) && reflect.DeepEqual(c.data, other.data)
}

// loadSources reads all sources once. stale joins their StaleErrors.
func loadSources(ctx context.Context, sources []Source) (found *sourceContent, stale, err error) {
	all := Files{}
	var errs, old []error
	for _, source := range sources {
		files, err := source.Load(ctx)
		if _, last := errors.AsType[*StaleError](err); last {
			old = append(old, err)
		} else {
			errs = append(errs, err)
		}
		for _, name := range slices.Sorted(maps.Keys(files)) {
			if _, twice := all[name]; twice {
				errs = append(errs, duplicateFile(name))
			}
			all[name] = files[name]
		}
	}
	data, err := loadData(ctx, sources)
	return &sourceContent{files: all, data: data, incomplete: incomplete(sources)}, errors.Join(old...), errors.Join(append(errs, err)...)
}

// MemorySource is a Source whose files can be replaced, as when a ConfigMap changes. The zero MemorySource has not been read: a
// Config may name policies that are still to come.
type MemorySource struct{ files atomic.Pointer[Files] }

// Set replaces all files: text by name.
func (s *MemorySource) Set(files map[string]string) {
	copied := Files(maps.Clone(files))
	s.files.Store(&copied)
}

// Incomplete reports whether Set has never been called.
func (s *MemorySource) Incomplete() bool { return s.files.Load() == nil }

// Load returns those of the files set last that end in .rego.
func (s *MemorySource) Load(ctx context.Context) (map[string]string, error) {
	if files := s.files.Load(); files != nil {
		return files.Load(ctx)
	}
	return nil, nil
}

// ConfigMapFiles returns the Rego files of a ConfigMap's data, named "configmap namespace/name:key".
func ConfigMapFiles(namespace, name string, data map[string]string) map[string]string {
	files := make(map[string]string, len(data))
	for key, text := range data {
		if strings.HasSuffix(key, ".rego") {
			files["configmap "+namespace+"/"+name+":"+key] = text
		}
	}
	return files
}

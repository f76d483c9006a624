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

// Reloader holds the engine in force, and replaces it when the configuration or the sources change. A new one is
// compiled and tested aside, and then stands for every evaluation that begins; those under way end with the one that
// they began with. A broken one is refused whole, and the last good one stays.
type Reloader struct {
	current atomic.Pointer[Engine]
	refused atomic.Pointer[error]

	mu      sync.Mutex // one reload at a time; guards what follows
	config  *v1alpha1.Config
	sources []Source
	loaded  *content // what was tried last
	broken  error    // why that is not in force; nil if it is
	good    *content // what is in force
}

// NewReloader compiles the first engine. There is no Reloader without a good one.
func NewReloader(ctx context.Context, cfg *v1alpha1.Config, sources ...Source) (*Reloader, error) {
	r := &Reloader{sources: sources}
	found, stale, err := gather(ctx, sources)
	if err != nil {
		return nil, err
	}
	if err := r.swap(ctx, cfg, found); err != nil {
		return nil, err
	}
	_ = r.settle(stale) // it is for Refused to say
	return r, nil
}

// Engine gives the engine in force.
func (r *Reloader) Engine() *Engine { return r.current.Load() }

// Refused says why the newest policies or configuration are not in force; nil if they are.
func (r *Reloader) Refused() error {
	if err := r.refused.Load(); err != nil {
		return *err
	}
	return nil
}

// Configure puts a new configuration into force, with what the sources hold now. Where a source cannot be read, it is
// with what they last held: a bundle server that is down is no reason to keep an old configuration.
func (r *Reloader) Configure(ctx context.Context, cfg *v1alpha1.Config) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	found, stale, unread := gather(ctx, r.sources)
	if unread != nil {
		found = r.good
	}
	err := r.swap(ctx, cfg, found)
	_ = r.settle(errors.Join(unread, stale, err)) // what could not be read is for Refused to say
	return err
}

// Refresh looks at the sources, and puts what they hold into force where it is not what was last tried. changed is
// true where there was something to try, good or bad, and where a source has become unreadable, or readable again.
func (r *Reloader) Refresh(ctx context.Context) (changed bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	was := r.Refused()
	found, stale, err := gather(ctx, r.sources)
	switch {
	case err != nil:
	case found.equal(r.loaded):
		err = errors.Join(r.broken, stale)
	default:
		changed, err = true, errors.Join(r.swap(ctx, r.config, found), stale)
	}
	return changed || !sameText(was, err), r.settle(err)
}

func sameText(a, b error) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return a.Error() == b.Error()
}

// Run refreshes until ctx is done. report hears of every change: nil after it came into force, else why it did not.
// It compares contents, not names or times: a ConfigMap volume swaps a link two levels up.
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

func (r *Reloader) swap(ctx context.Context, cfg *v1alpha1.Config, found *content) error {
	e, err := New(ctx, cfg, found)
	r.loaded, r.broken = found, err
	if err != nil {
		return err
	}
	r.config, r.good = cfg, found
	r.current.Store(e)
	return nil
}

func (r *Reloader) settle(err error) error {
	if err == nil {
		r.refused.Store(nil)
	} else {
		r.refused.Store(&err)
	}
	return err
}

// content is what the sources held at one moment: what is compared is what is compiled.
type content struct {
	files Files
	data  map[string]any
}

// Load gives the files.
func (c *content) Load(ctx context.Context) (map[string]string, error) { return c.files.Load(ctx) }

// Data gives the documents.
func (c *content) Data(context.Context) (map[string]any, error) { return c.data, nil }

func (c *content) equal(other *content) bool {
	return maps.Equal(c.files, other.files) && reflect.DeepEqual(c.data, other.data)
}

// gather reads all sources once. stale says which of them gave what they last held.
func gather(ctx context.Context, sources []Source) (found *content, stale, err error) {
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
				errs = append(errs, twoFiles(name))
			}
			all[name] = files[name]
		}
	}
	data, err := loadData(ctx, sources)
	return &content{files: all, data: data}, errors.Join(old...), errors.Join(append(errs, err)...)
}

// Feed is a source that someone else fills, as from the ConfigMaps that a cluster holds. The zero Feed is empty.
type Feed struct{ files atomic.Pointer[Files] }

// Set replaces all files of the feed, text by name.
func (f *Feed) Set(files map[string]string) {
	own := Files(maps.Clone(files))
	f.files.Store(&own)
}

// Load gives the files that were set last and end in .rego.
func (f *Feed) Load(ctx context.Context) (map[string]string, error) {
	if files := f.files.Load(); files != nil {
		return files.Load(ctx)
	}
	return nil, nil
}

// ConfigMapFiles names the Rego files of a ConfigMap's data so that a person finds them: "namespace/name:key".
func ConfigMapFiles(namespace, name string, data map[string]string) map[string]string {
	files := make(map[string]string, len(data))
	for key, text := range data {
		if strings.HasSuffix(key, ".rego") {
			files["configmap "+namespace+"/"+name+":"+key] = text
		}
	}
	return files
}

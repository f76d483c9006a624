package proxies

import (
	"context"
	"errors"
	"sync"

	"github.com/go-logr/logr"
)

// failures are what a port-forward says of itself by its logger alone: that nothing listens in the pod, for one. It is a logr.LogSink.
type failures struct {
	mu   sync.Mutex
	list []error
}

// withFailures returns a context whose logger keeps the errors that are logged.
func withFailures(ctx context.Context) (context.Context, *failures) {
	f := &failures{}
	return logr.NewContext(ctx, logr.New(f)), f
}

// join returns the errors so far; nil for none.
func (f *failures) join() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return errors.Join(f.list...)
}

// Init does nothing.
func (f *failures) Init(logr.RuntimeInfo) {}

// Enabled reports that nothing but errors is wanted.
func (f *failures) Enabled(int) bool { return false }

// Info does nothing.
func (f *failures) Info(int, string, ...any) {}

// Error keeps err.
func (f *failures) Error(err error, _ string, _ ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, err)
}

// WithValues returns f.
func (f *failures) WithValues(...any) logr.LogSink { return f }

// WithName returns f.
func (f *failures) WithName(string) logr.LogSink { return f }

//go:build proxies

package proxies

import "sync"

// warnings are those with which the API server answered a user (rest.WarningHandler).
type warnings struct {
	mu   sync.Mutex
	list []string
}

// HandleWarningHeader notes a warning.
func (w *warnings) HandleWarningHeader(_ int, _, message string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, message)
}

// take returns what came since it was asked last.
func (w *warnings) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.list
	w.list = nil
	return list
}

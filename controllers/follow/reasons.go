package follow

import (
	"maps"
	"sync"
)

// Reasons are why things are not as they should be, each to be told once. Its zero value is ready.
type Reasons[T comparable] struct {
	mu sync.Mutex
	of map[T]string
}

// Of returns why one thing is not as it should be, "" where it is.
func (r *Reasons[T]) Of(what T) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.of[what]
}

// Find returns one of the things whose reason is as asked for, and false where there is none.
func (r *Reasons[T]) Find(is func(what T, why string) bool) (found T, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for what, why := range r.of {
		if is(what, why) {
			return what, true
		}
	}
	return found, false
}

// Note notes why something is not as it should be, "" where it is, and reports whether that is to be told: it is another reason.
func (r *Reasons[T]) Note(what T, why string) (told bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	told = why != "" && r.of[what] != why
	switch {
	case why == "":
		delete(r.of, what)
	case r.of == nil:
		r.of = map[T]string{what: why}
	default:
		r.of[what] = why
	}
	return told
}

// Count returns for how many things there is a reason.
func (r *Reasons[T]) Count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.of)
}

// All returns the reasons, by what they are for.
func (r *Reasons[T]) All() map[T]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.of)
}

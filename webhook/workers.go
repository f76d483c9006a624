package webhook

import "time"

// workers runs decisions on goroutines that it keeps. Rego is evaluated by deep recursion: a new goroutine's stack would
// be grown, and copied, half a dozen times for every review, at up to a fifth of the whole cost.
type workers struct{ work chan func() }

// idleTimeout is how long a goroutine without work is kept.
const idleTimeout = 10 * time.Second

func newWorkers() workers { return workers{work: make(chan func())} }

// run runs f on an idle goroutine, else on a new one. It does not wait for f.
func (w workers) run(f func()) {
	select {
	case w.work <- f:
	default:
		go w.loop(f)
	}
}

func (w workers) loop(f func()) {
	idle := time.NewTimer(idleTimeout)
	defer idle.Stop()
	for {
		f()
		idle.Reset(idleTimeout)
		select {
		case f = <-w.work:
		case <-idle.C:
			return
		}
	}
}

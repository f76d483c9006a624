package cli

import (
	"cmp"
	"time"
)

// Progress writes to Err what takes long, after ProgressAfter and then each time that twice as much has passed. The caller
// calls stop before it writes to Out; notes may come between, so that Err has to take writes of several goroutines, as files do.
func (s Streams) Progress(what string) (stop func()) {
	began, after := time.Now(), cmp.Or(s.ProgressAfter, time.Second)
	finish, finished := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(finished)
		ticker := time.NewTicker(after)
		defer ticker.Stop()
		for next := after; ; {
			select {
			case <-finish:
				return
			case <-ticker.C:
				if spent := time.Since(began).Round(time.Second); spent >= next {
					s.Note("%s (%s)", what, spent)
					next = 2 * spent
				}
			}
		}
	}()
	return func() { close(finish); <-finished }
}

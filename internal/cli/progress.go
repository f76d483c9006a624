package cli

import "time"

// progressAfter is how long a command works in silence.
const progressAfter = time.Second

// Progress writes to Err what takes long, after a second and then each time that twice as much has passed. The caller
// calls stop before it writes anything.
func (s Streams) Progress(what string) (stop func()) {
	began := time.Now()
	finish, finished := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(finished)
		ticker := time.NewTicker(progressAfter)
		defer ticker.Stop()
		for next := progressAfter; ; {
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

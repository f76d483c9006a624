package webhook

import "time"

// A crew runs decisions on goroutines that it keeps. Rego is evaluated by deep recursion: a new goroutine's stack would
// be grown, and copied, half a dozen times for every review, at up to a fifth of the whole cost.
type crew struct{ work chan func() }

// crewRest is how long a goroutine without work is kept.
const crewRest = 10 * time.Second

func newCrew() crew { return crew{work: make(chan func())} }

// run runs f on a goroutine that waits for work, else on a new one. It does not wait for f.
func (c crew) run(f func()) {
	select {
	case c.work <- f:
	default:
		go c.member(f)
	}
}

func (c crew) member(f func()) {
	rest := time.NewTimer(crewRest)
	defer rest.Stop()
	for {
		f()
		rest.Reset(crewRest)
		select {
		case f = <-c.work:
		case <-rest.C:
			return
		}
	}
}

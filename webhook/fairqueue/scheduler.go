package fairqueue

import (
	"slices"
	"time"
)

// Limits are the bounds of a Queue.
type Limits struct {
	// Seats is how many requests work at once.
	Seats int
	// FlowRequests and FlowBytes bound what one flow has in hand, waiting or at work; Requests and Bytes all flows.
	FlowRequests, Requests int
	FlowBytes, Bytes       int64
}

// scheduler decides who is next, by these rules:
//
//  1. Requests of one flow take their seats in the order in which they came.
//  2. Flows that have requests waiting take turns, one request each.
//  3. The flows that use the most (usage.heavy) hold half of the seats. While some flood with long requests, the others
//     share the other half, and need not wait for one of these to end.
//
// It is not safe for concurrent use.
type scheduler struct {
	limits Limits
	free   int
	// heavy is how many seats are held by requests that were of the heavy flows when they sat down.
	heavy int
	lines map[Flow]*line
	// turns are the lines with requests waiting, the next one first.
	turns []*line
	total load
	usage usage
}

// line is what a flow has in hand.
type line struct {
	flow    Flow
	load    load
	waiting []*Place
}

// load is an amount of requests.
type load struct {
	requests int
	bytes    int64
}

func (l *load) add(requests int, bytes int64) {
	l.requests += requests
	l.bytes += bytes
}

func newScheduler(l Limits) scheduler {
	return scheduler{limits: l, free: l.Seats, lines: map[Flow]*line{}, usage: newUsage()}
}

// enter counts a request of so many bytes as in hand, and returns its line; nil where a bound is reached.
func (s *scheduler) enter(f Flow, bytes int64) *line {
	l := s.lines[f]
	if l == nil {
		l = &line{flow: f}
	}
	if l.load.requests >= s.limits.FlowRequests || l.load.bytes+bytes > s.limits.FlowBytes ||
		s.total.requests >= s.limits.Requests || s.total.bytes+bytes > s.limits.Bytes {
		return nil
	}
	s.lines[f] = l
	l.load.add(1, bytes)
	s.total.add(1, bytes)
	return l
}

// leave counts a request as no longer in hand. It must neither wait nor hold a seat.
func (s *scheduler) leave(l *line, bytes int64) {
	l.load.add(-1, -bytes)
	s.total.add(-1, -bytes)
	if l.load.requests == 0 {
		delete(s.lines, l.flow)
	}
}

// wait puts a request at the end of its line.
func (s *scheduler) wait(p *Place) {
	if len(p.line.waiting) == 0 {
		s.turns = append(s.turns, p.line)
	}
	p.line.waiting = append(p.line.waiting, p)
}

// abandon takes a request that waits out of its line.
func (s *scheduler) abandon(p *Place) {
	l := p.line
	l.waiting = slices.DeleteFunc(l.waiting, func(other *Place) bool { return other == p })
	if len(l.waiting) == 0 {
		s.turns = slices.DeleteFunc(s.turns, func(other *line) bool { return other == l })
	}
}

// next seats the request whose turn it is and returns it; nil where none may take a seat now.
func (s *scheduler) next(now time.Time) *Place {
	for i, l := range s.turns {
		if s.free == 0 {
			return nil
		}
		heavy := s.usage.heavy(l.flow, now)
		if heavy && s.heavy >= max(1, s.limits.Seats/2) {
			continue
		}
		p := l.waiting[0]
		s.turns, l.waiting = slices.Delete(s.turns, i, i+1), l.waiting[1:]
		if len(l.waiting) > 0 {
			s.turns = append(s.turns, l)
		}
		s.take(p, heavy)
		return p
	}
	return nil
}

// take gives a free seat to a request.
func (s *scheduler) take(p *Place, heavy bool) {
	s.free--
	if p.heavy = heavy; heavy {
		s.heavy++
	}
}

// release takes a seat back that a request has held for so long.
func (s *scheduler) release(p *Place, held time.Duration, now time.Time) {
	s.free++
	if p.heavy {
		s.heavy--
	}
	s.usage.add(p.line.flow, held, now)
}

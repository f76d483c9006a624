package fairqueue

import (
	"context"
	"sync"
	"time"
)

// Queue shares seats among flows. It is safe for concurrent use.
type Queue struct {
	mu        sync.Mutex
	scheduler scheduler
}

// New returns a Queue without requests.
func New(l Limits) *Queue { return &Queue{scheduler: newScheduler(l)} }

// Waiting returns how many requests wait for a seat.
func (q *Queue) Waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for _, l := range q.scheduler.turns {
		n += len(l.waiting)
	}
	return n
}

// InHand returns how many requests have a Place.
func (q *Queue) InHand() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.scheduler.total.requests
}

// Enter returns the Place of a request of so many bytes, which the caller must leave. It reports whether there was room.
func (q *Queue) Enter(f Flow, bytes int64) (p *Place, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.scheduler.enter(f, bytes)
	if l == nil {
		return nil, false
	}
	return &Place{queue: q, line: l, bytes: bytes}, true
}

// seat seats whoever may take a seat now.
func (q *Queue) seat() {
	now := time.Now()
	for p := q.scheduler.next(now); p != nil; p = q.scheduler.next(now) {
		p.seated, p.waiting = now, false
		close(p.turn)
	}
}

// Place is a request's place in a Queue. One goroutine at a time may use it.
type Place struct {
	queue *Queue
	line  *line
	bytes int64
	// turn is closed when the request gets its seat; seated is when, zero without a seat.
	turn   chan struct{}
	seated time.Time
	// heavy is whether the seat is one of those that heavy flows hold.
	heavy bool
	// waiting is whether the request waits for its turn.
	waiting bool
}

// IsWaiting reports whether the request waits for its turn, or waited in vain. Others may ask than the one that uses the Place.
func (p *Place) IsWaiting() bool {
	p.queue.mu.Lock()
	defer p.queue.mu.Unlock()
	return p.waiting
}

// Sit waits for a seat, and returns ctx's error if there was none before it ended.
func (p *Place) Sit(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.queue.mu.Lock()
	p.turn, p.waiting = make(chan struct{}), true
	p.queue.scheduler.wait(p)
	p.queue.seat()
	p.queue.mu.Unlock()
	select {
	case <-p.turn:
		return nil
	case <-ctx.Done():
	}
	p.queue.mu.Lock()
	defer p.queue.mu.Unlock()
	if !p.seated.IsZero() { // it came at the same moment
		return nil
	}
	p.queue.scheduler.abandon(p)
	return ctx.Err()
}

// Stand gives the seat back, where there is one.
func (p *Place) Stand() {
	p.queue.mu.Lock()
	defer p.queue.mu.Unlock()
	p.stand()
}

func (p *Place) stand() {
	if p.seated.IsZero() {
		return
	}
	now := time.Now()
	p.queue.scheduler.release(p, now.Sub(p.seated), now)
	p.seated = time.Time{}
	p.queue.seat()
}

// Leave gives back the seat and the place. The Place must not be used again.
func (p *Place) Leave() {
	p.queue.mu.Lock()
	defer p.queue.mu.Unlock()
	p.stand()
	p.queue.scheduler.leave(p.line, p.bytes)
}

// Idle runs wait, which computes nothing, without the seat, and returns when there is a seat again, or ctx has ended.
func (p *Place) Idle(ctx context.Context, wait func()) {
	p.Stand()
	wait()
	_ = p.Sit(ctx) // the caller sees the end of ctx itself
}

package auditor

import (
	"context"
	"time"
)

// What an audit leaves to reviews. It works for a slice and rests four times as long, so that it has a fifth of one core at most; while
// reviews are in hand it rests on, up to a bound: a flood of reviews must not put an audit off forever.
const (
	slice   = time.Millisecond
	rest    = 4 * slice
	yield   = time.Millisecond
	longest = 50 * time.Millisecond
)

// pace spreads an audit over time.
type pace struct {
	ctx   context.Context //nolint:containedctx // it lives as long as the judgement that it paces
	busy  func() bool
	began time.Time // of this slice
	slept time.Duration
}

func (a *Auditor) newPace(ctx context.Context) *pace {
	return &pace{ctx: ctx, busy: a.o.Busy, began: time.Now()}
}

// step is called between two pieces of work.
func (p *pace) step() error {
	busy := p.busy != nil && p.busy()
	if worked := time.Since(p.began); worked < slice && !busy {
		return p.ctx.Err()
	}
	rested := time.Now()
	for ok := sleep(p.ctx, rest); ok && p.busy != nil && p.busy() && time.Since(rested) < longest; {
		ok = sleep(p.ctx, yield)
	}
	p.began = time.Now()
	p.slept += p.began.Sub(rested)
	return p.ctx.Err()
}

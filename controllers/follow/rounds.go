package follow

import (
	"maps"
	"time"

	"github.com/tlsward/tlsward/mesh"
)

// most is how often one object is written alike within Interval: who undoes that again and again means it.
const most = 3

// Rounds counts the writes of each object, so that a fight with somebody who undoes them has an end. Its zero value is ready.
type Rounds struct {
	last  map[mesh.Ref]round
	swept time.Time
}

type round struct {
	written string
	began   time.Time
	times   int
}

func (r round) isOver(now time.Time) bool { return now.Sub(r.began) >= Interval }

// Again counts a write of an object, and reports whether it may be done: not where the last ones were the same too often. Until Interval has
// passed since the first of them, the object is left.
func (r *Rounds) Again(ref mesh.Ref, written string) bool {
	now := time.Now()
	r.sweep(now)
	last, known := r.last[ref]
	if !known || last.written != written || last.isOver(now) {
		last = round{written: written, began: now}
	}
	if last.times >= most {
		return false
	}
	last.times++
	r.last[ref] = last
	return true
}

// IsLeft reports whether an object was written alike too often to be written so again now.
func (r *Rounds) IsLeft(ref mesh.Ref) bool {
	last := r.last[ref]
	return last.times >= most && !last.isOver(time.Now())
}

// sweep forgets the rounds that are over, now and then.
func (r *Rounds) sweep(now time.Time) {
	if r.last == nil {
		r.last = map[mesh.Ref]round{}
	}
	if now.Sub(r.swept) >= Interval {
		maps.DeleteFunc(r.last, func(_ mesh.Ref, last round) bool { return last.isOver(now) })
		r.swept = now
	}
}

// Failed takes back a write that was not done.
func (r *Rounds) Failed(ref mesh.Ref) {
	if last, known := r.last[ref]; known {
		last.times--
		r.last[ref] = last
	}
}

// Forget forgets the writes of an object that is gone for another reason: nobody has undone them.
func (r *Rounds) Forget(ref mesh.Ref) { delete(r.last, ref) }

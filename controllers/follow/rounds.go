package follow

import "github.com/tlsward/tlsward/mesh"

// most is how often one object is written alike between two looks at everything: who undoes that again and again means it.
const most = 3

// Rounds counts the writes of objects, so that a fight with somebody who undoes them has an end. Its zero value is ready.
type Rounds struct{ last map[mesh.Ref]round }

type round struct {
	written string
	times   int
}

// Again counts a write of an object, and reports whether it may be done: not where the last ones were the same too often.
func (r *Rounds) Again(ref mesh.Ref, written string) bool {
	next := round{written, 1}
	if last, known := r.last[ref]; known && last.written == written {
		next.times += last.times
	}
	if next.times > most {
		return false
	}
	if r.last == nil {
		r.last = map[mesh.Ref]round{}
	}
	r.last[ref] = next
	return true
}

// Failed takes back a write that was not done, or that is gone for another reason: nobody has undone it.
func (r *Rounds) Failed(ref mesh.Ref) { delete(r.last, ref) }

// Reset forgets all writes.
func (r *Rounds) Reset() { clear(r.last) }

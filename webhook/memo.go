package webhook

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"
	"sync"
	"time"
)

// A memo keeps answers for the reviews that come again: GitOps controllers send every object of theirs, unchanged and
// as a dry-run, with every sync. An answer is a function of the review, the mesh and the judge, so it stands exactly
// as long as the last two do; and not much longer than a moment, since an exemption may end.
type memo[T any] struct {
	mu    sync.Mutex
	view  *View
	judge *Judge
	since time.Time
	known map[reviewKey]T
}

// What is kept: a few kilobytes each.
const (
	memoLife = 30 * time.Second
	memoSize = 1024
)

// reviewKey stands for all that a judge reads of a review. Who could find two reviews of one key could have one pass
// for the other, so it is a cryptographic hash.
type reviewKey [sha256.Size]byte

// recall gives the answer to an equal review in the same view, by the same judge.
func (m *memo[T]) recall(v *View, j *Judge, key reviewKey) (answer T, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.view != v || m.judge != j || time.Since(m.since) > memoLife {
		return answer, false
	}
	answer, ok = m.known[key]
	return answer, ok
}

// keep notes an answer. The first one of another view or judge makes the memo forget the rest.
func (m *memo[T]) keep(v *View, j *Judge, key reviewKey, answer T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.view != v || m.judge != j || time.Since(m.since) > memoLife || len(m.known) >= memoSize {
		m.view, m.judge, m.since, m.known = v, j, time.Now(), map[reviewKey]T{}
	}
	m.known[key] = answer
}

// key hashes the review, each part with its length before it.
func (r Review) key() reviewKey {
	h := sha256.New()
	for _, part := range []string{r.Operation, r.Username, r.Namespace} {
		writePart(h, len(part))
		_, _ = io.WriteString(h, part)
	}
	writePart(h, len(r.Groups))
	for _, group := range r.Groups {
		writePart(h, len(group))
		_, _ = io.WriteString(h, group)
	}
	for _, part := range [][]byte{r.Object, r.OldObject} {
		writePart(h, len(part))
		_, _ = h.Write(part)
	}
	if r.DryRun {
		writePart(h, 1)
	}
	return reviewKey(h.Sum(nil))
}

func writePart(h hash.Hash, n int) {
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(n))
	_, _ = h.Write(size[:])
}

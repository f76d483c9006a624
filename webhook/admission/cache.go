package admission

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"
	"sync"
	"time"

	"github.com/tlsward/tlsward/webhook/assume"
)

// decisionCache keeps answers for the reviews that come again: GitOps controllers send every object of theirs,
// unchanged and as a dry-run, with every sync. An answer is a function of the review, the mesh and the evaluator, so it
// is valid exactly as long as the last two are; and for cacheTTL at most, since an exemption may end.
type decisionCache[T any] struct {
	mu        sync.Mutex
	view      *assume.View
	evaluator *Evaluator
	since     time.Time
	answers   map[reviewKey]T
}

// What is kept: a few kilobytes each.
const (
	cacheTTL  = 30 * time.Second
	cacheSize = 1024
)

// reviewKey stands for all that an evaluator reads of a review. Who could find two reviews of one key could have one
// pass for the other, so it is a cryptographic hash.
type reviewKey [sha256.Size]byte

// get returns the answer to an equal review in the same view, by the same evaluator.
func (c *decisionCache[T]) get(v *assume.View, e *Evaluator, key reviewKey) (answer T, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.valid(v, e) {
		return answer, false
	}
	answer, ok = c.answers[key]
	return answer, ok
}

// add keeps an answer. The first one of another view or evaluator drops the rest.
func (c *decisionCache[T]) add(v *assume.View, e *Evaluator, key reviewKey, answer T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.valid(v, e) || len(c.answers) >= cacheSize {
		c.view, c.evaluator, c.since, c.answers = v, e, time.Now(), map[reviewKey]T{}
	}
	c.answers[key] = answer
}

func (c *decisionCache[T]) valid(v *assume.View, e *Evaluator) bool {
	return c.view == v && c.evaluator == e && time.Since(c.since) <= cacheTTL
}

// key hashes the review, each part with its length before it.
func (r Review) key() reviewKey {
	h := sha256.New()
	for _, part := range []string{r.Operation, r.Username, r.Namespace} {
		writeLength(h, len(part))
		_, _ = io.WriteString(h, part)
	}
	writeLength(h, len(r.Groups))
	for _, group := range r.Groups {
		writeLength(h, len(group))
		_, _ = io.WriteString(h, group)
	}
	for _, part := range [][]byte{r.Object, r.OldObject} {
		writeLength(h, len(part))
		_, _ = h.Write(part)
	}
	if r.DryRun {
		writeLength(h, 1)
	}
	return reviewKey(h.Sum(nil))
}

func writeLength(h hash.Hash, n int) {
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(n))
	_, _ = h.Write(size[:])
}

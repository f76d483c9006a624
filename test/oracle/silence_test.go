package oracle

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestSilence searches for meshes of which nothing is said, and from which something leaves in plaintext or unchecked: what a
// tenant wrote beside hosts under TLS, whatever the webhooks would have refused of it.
func TestSilence(t *testing.T) {
	s := silenceSearch{
		seed: number(t, "ORACLE_SEED", uint64(time.Now().UnixNano())), first: number(t, "ORACLE_FIRST", 0),
		meshes: number(t, "ORACLE_MESHES", 3000),
	}
	t.Logf("ORACLE_SEED=%d ORACLE_FIRST=%d ORACLE_MESHES=%d", s.seed, s.first, s.meshes)
	const workers = 2
	var group sync.WaitGroup
	for w := range uint64(workers) {
		group.Go(func() { s.work(t, w, workers) })
	}
	group.Wait()
	t.Logf("%d meshes, of %d of them nothing is said, %d of these let something out", s.meshes, s.silent, s.unanswered)
	if s.silent == 0 {
		t.Error("something is said of every mesh")
	}
}

type silenceSearch struct {
	seed, first, meshes uint64

	mu                 sync.Mutex
	silent, unanswered int
}

func (s *silenceSearch) work(t *testing.T, from, workers uint64) {
	evaluator, err := newEvaluator(t.Context())
	if err != nil {
		t.Error(err)
		return
	}
	judge, unjudged := &Attacker{Evaluator: evaluator}, new(Attacker)
	for i := s.first + from; i < s.first+s.meshes; i += workers {
		if err := s.one(t, judge, unjudged, i); err != nil {
			t.Errorf("mesh %d: %v", i, err)
		}
	}
}

func (s *silenceSearch) one(t *testing.T, judge, unjudged *Attacker, i uint64) error {
	attack := NewGenerator(s.seed, i).Attack()
	state := attack.Victims
	for _, w := range attack.Writes {
		next, _, err := unjudged.write(t.Context(), &AttackResult{Constructs: Coverage{}}, state, w)
		if err != nil {
			return err
		}
		if next != nil {
			state = next
		}
	}
	completed, silent, err := judge.isSilent(t.Context(), state)
	if err != nil || !silent {
		return err
	}
	found, err := judge.unanswered(completed)
	if err != nil {
		return fmt.Errorf("walk: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.silent++
	if len(found) > 0 {
		if s.unanswered++; s.unanswered <= 20 {
			t.Errorf("mesh %d:\n%s\n%s", i, completed.YAML(), strings.Join(found, "\n"))
		}
	}
	return nil
}

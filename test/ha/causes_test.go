package ha

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The causes that are not tlsward's. What fails because of them is counted apart, by time and by what was said.
const (
	// inHand is a review that a replica had in hand when it was killed: the API server sends each once.
	inHand = "killed with it in hand"
	// untrusted is a review while a caBundle was wiped: API servers trust nobody then.
	untrusted = "caBundle wiped"
	// planeAway is a write while the API server or etcd was down.
	planeAway = "control plane"
)

// causes lists them.
func causes() []string { return []string{inHand, untrusted, planeAway} }

// lag is how long after its end a cause may still show: until every side of each connection, and the API server's own
// watch, has taken note.
var lag = map[string]time.Duration{inHand: 250 * time.Millisecond, untrusted: 250 * time.Millisecond, planeAway: 3 * time.Second}

// spell is a time in which a cause was at work.
type spell struct {
	cause    string
	from, to time.Time
}

// spells are those of a run.
type spells struct {
	mu   sync.Mutex
	list []spell
}

// add notes that a cause was at work from then until now.
func (s *spells) add(cause string, from time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, spell{cause, from, time.Now().Add(lag[cause])})
}

// during works, and notes that the cause was at work meanwhile.
func (s *spells) during(cause string, work func() error) error {
	begin := time.Now()
	defer func() { s.add(cause, begin) }()
	return work()
}

// of returns the cause of a mishap, "" where it is tlsward's own.
func (s *spells) of(m mishap) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, each := range s.list {
		if m.begin.Before(each.to) && each.from.Before(m.end) && m.owesTo(each.cause) {
			return each.cause
		}
	}
	return ""
}

// mishap is one thing that went wrong, and the try in which it did.
type mishap struct {
	kind, event, detail string
	begin, end          time.Time
}

// owesTo reports whether the cause could have led to this. A mutation that is lost leaves an object to validation as
// its author wrote it: it may be refused for that, or stored so.
func (m mishap) owesTo(cause string) bool {
	switch {
	case m.kind == validRefused, m.kind == incomplete:
		return true
	case m.kind != failures:
		return false
	}
	said := map[string][]string{
		inHand:    {"EOF", "connection reset", "broken pipe", "connection lost", "connection error", "connection refused"},
		untrusted: {"x509:"},
		planeAway: {""},
	}
	return slices.ContainsFunc(said[cause], func(text string) bool { return strings.Contains(m.detail, text) })
}

func TestCauses(t *testing.T) {
	at := func(ms int) time.Time { return time.UnixMilli(int64(ms)) }
	s := &spells{list: []spell{{inHand, at(100), at(200)}, {untrusted, at(150), at(300)}, {planeAway, at(1000), at(2000)}}}
	for _, c := range []struct {
		name       string
		kind, said string
		begin, end int
		want       string
	}{
		{"in hand", failures, "unexpected EOF", 50, 120, inHand},
		{"sent before the connection's end was seen", failures, "connection reset by peer", 190, 210, inHand},
		{"ended before the kill", failures, "unexpected EOF", 50, 90, ""},
		{"begun after it", failures, "unexpected EOF", 201, 220, ""},
		{"too slow, not killed", failures, "context deadline exceeded", 50, 120, ""},
		{"untrusted", failures, "x509: certificate signed by unknown authority", 160, 170, untrusted},
		{"untrusted too late", failures, "x509: certificate signed by unknown authority", 301, 310, ""},
		{"control plane", failures, "context deadline exceeded", 900, 1001, planeAway},
		{"judged as it was written", validRefused, "plaintext-egress", 110, 130, inHand},
		{"wrongly judged", validRefused, "plaintext-egress", 10, 30, ""},
		{"nothing excuses this", invalidStored, "", 110, 130, ""},
	} {
		if got := s.of(mishap{kind: c.kind, detail: c.said, begin: at(c.begin), end: at(c.end)}); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

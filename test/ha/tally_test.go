package ha

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// answer is what came of one write.
type answer int

const (
	admitted answer = iota
	refused         // by the webhook's judgement
	// webhookFailed is a write that failed because the webhook gave no judgement.
	webhookFailed
	// planeFailed is a write that failed because the API server or etcd was down.
	planeFailed
	// conflicted is a write that another one overtook, or that was made before its answer got lost.
	conflicted
	// invalid is anything else: the tests themselves are wrong.
	invalid
)

// classify reads the error of a write.
func classify(err error) answer {
	switch text := fmt.Sprint(err); {
	case err == nil:
		return admitted
	case strings.Contains(text, "failed calling webhook"), strings.Contains(text, "could not decide"):
		return webhookFailed
	case strings.Contains(text, "admission webhook") && strings.Contains(text, "denied the request"):
		return refused
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), apierrors.IsNotFound(err):
		return conflicted
	case apierrors.IsServiceUnavailable(err), apierrors.IsServerTimeout(err), apierrors.IsTimeout(err),
		apierrors.IsTooManyRequests(err), apierrors.IsUnauthorized(err), apierrors.IsForbidden(err), // RBAC is not loaded yet
		apierrors.IsInternalError(err), utilnet.IsConnectionRefused(err), utilnet.IsConnectionReset(err),
		utilnet.IsProbableEOF(err), utilnet.IsTimeout(err), utilnet.IsHTTP2ConnectionLost(err),
		strings.Contains(text, "connection"), strings.Contains(text, "EOF"), strings.Contains(text, "etcd"):
		return planeFailed
	default:
		return invalid
	}
}

// tally counts, from many goroutines, what came of the writes, and remembers the first of each kind of mishap.
type tally struct {
	mu     sync.Mutex
	event  string // what is going on now
	writes map[string]int
	// during counts the writes that got a judgement by event, slowest the longest one took to get it.
	during  map[string]int
	slowest map[string]time.Duration
	mishaps []mishap
	spells  *spells
	// samples are the first of each kind by event; reasons counts all by what they said.
	samples map[string][]string
	reasons map[string]*span
	began   time.Time
}

func newTally(s *spells) *tally {
	return &tally{event: calm, writes: map[string]int{}, during: map[string]int{}, slowest: map[string]time.Duration{}, spells: s,
		samples: map[string][]string{}, reasons: map[string]*span{}, began: time.Now()}
}

// calm is the name of no event.
const calm = "nothing"

// The mishaps.
const (
	failures      = "failed because of the webhook"
	planeDown     = "failed because the control plane was down"
	invalidStored = "invalid objects stored"
	validRefused  = "valid objects refused"
	incomplete    = "valid objects stored without what is filled in"
	unexpected    = "answers of no known kind"
)

func (t *tally) enter(event string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.event = event
}

// wrote counts a write that got its judgement, and how long its last try took.
func (t *tally) wrote(what string, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writes[what]++
	t.during[t.event]++
	t.slowest[t.event] = max(t.slowest[t.event], took)
}

// mishap notes one, with what a person needs to look into it. It happened in a try that began then and ends now.
func (t *tally) mishap(kind, detail string, begin time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mishaps = append(t.mishaps, mishap{kind: kind, event: t.event, detail: detail, begin: begin, end: time.Now()})
	at := time.Since(t.began).Round(time.Millisecond)
	key := kind + " during " + t.event
	if len(t.samples[key]) < 3 {
		t.samples[key] = append(t.samples[key], fmt.Sprintf("at %s: %s", at, detail))
	}
	reason := numbers.ReplaceAllString(detail, "N")
	if t.reasons[reason] == nil {
		t.reasons[reason] = &span{first: at}
	}
	t.reasons[reason].last = at
	t.reasons[reason].times++
}

// numbers are what differs between mishaps of one reason: ports, names, times.
var numbers = regexp.MustCompile(`[0-9]+`)

// span is how often something happened, and when.
type span struct {
	times       int
	first, last time.Duration
}

// count returns how often the mishap happened for this cause ("" is tlsward itself), during an event ("" is any).
func (t *tally) count(kind, cause, event string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, m := range t.mishaps {
		if m.kind == kind && (event == "" || m.event == event) && t.spells.of(m) == cause {
			n++
		}
	}
	return n
}

// reviews counts the reviews behind the writes that got a judgement: every write is validated, and a new or changed
// ServiceEntry or DestinationRule is mutated first. Tries that failed are not counted.
func (t *tally) reviews() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for what, v := range t.writes {
		n += v
		if !strings.HasPrefix(what, "delete") && !strings.Contains(what, "AuthorizationPolicy") {
			n += v
		}
	}
	return n
}

// String lists everything.
func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(t.writes)) {
		fmt.Fprintf(&b, "%7d %s\n", t.writes[k], k)
	}
	for _, m := range t.mishaps {
		if cause := t.spells.of(m); cause == "" && m.kind != planeDown {
			fmt.Fprintf(&b, "tlsward's own: %s during %s, %s to %s: %.600s\n", m.kind, m.event, m.begin.Sub(t.began), m.end.Sub(t.began), m.detail)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(t.samples)) {
		fmt.Fprintf(&b, "%s:\n    %s\n", k, strings.Join(t.samples[k], "\n    "))
	}
	for _, k := range slices.Sorted(maps.Keys(t.reasons)) {
		r := t.reasons[k]
		fmt.Fprintf(&b, "%7d times from %s to %s: %.400s\n", r.times, r.first, r.last, k)
	}
	return b.String()
}

package fairqueue

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// start is when the clock of these tests begins.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// roomy are limits that no test reaches but for the seats.
func roomy(seats int) Limits {
	return Limits{Seats: seats, FlowRequests: 1000, Requests: 1000, FlowBytes: 1000, Bytes: 1000}
}

// queueUp has requests wait that are named by their flow's user, in this order.
func queueUp(t *testing.T, s *scheduler, users ...string) {
	t.Helper()
	for _, user := range users {
		l := s.enter(Flow{User: user}, 1)
		if l == nil {
			t.Fatalf("no room for %s", user)
		}
		s.wait(&Place{line: l})
	}
}

// seated returns those who may take a seat now, in order.
func seated(s *scheduler, now time.Time) (places []*Place) {
	for p := s.next(now); p != nil; p = s.next(now) {
		places = append(places, p)
	}
	return places
}

// users returns whose places they are.
func users(places []*Place) string {
	var names []string
	for _, p := range places {
		names = append(names, p.line.flow.User)
	}
	return strings.Join(names, " ")
}

func TestTurns(t *testing.T) {
	for _, tc := range []struct {
		name    string
		waiting string
		want    string
	}{
		{"one flow in order", "a a a", "a a a"},
		{"two flows take turns", "a a a b b", "a b a b a"},
		{"who comes last does not wait for a flood", "a a a a a a b", "a b a a a a a"},
		{"three flows", "a a b c c b", "a b c a b c"},
		{"nobody", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newScheduler(roomy(100))
			queueUp(t, &s, strings.Fields(tc.waiting)...)
			if got := users(seated(&s, start)); got != tc.want {
				t.Errorf("seated %q, want %q", got, tc.want)
			}
		})
	}
}

// Each step of a script is "+flow" (a request comes), "-flow" (one gives its seat back, after so many milliseconds) or a
// wait of so many seconds; want is who gets a seat after it.
func TestHalfOfTheSeats(t *testing.T) {
	type step struct {
		do   string
		ms   int
		want string
	}
	for _, tc := range []struct {
		name  string
		seats int
		steps []step
	}{
		{"a flow that is alone has all seats", 2, []step{
			{"+a", 0, "a"}, {"+a", 0, "a"}, {"+a", 0, ""}, {"-a", 50, "a"}, {"+a", 0, ""}, {"-a", 50, "a"},
		}},
		{"a flood leaves half of the seats to the others", 2, []step{
			{"+flood", 0, "flood"}, {"+b", 0, "b"}, {"-b", 1, ""}, {"-flood", 50, ""},
			{"+flood", 0, "flood"}, {"+flood", 0, ""}, {"+b", 0, "b"}, {"+b", 0, ""}, {"-b", 1, "b"}, {"-flood", 50, "flood"},
		}},
		{"so do several floods", 2, []step{
			{"+f1", 0, "f1"}, {"+f2", 0, "f2"}, {"+b", 0, ""}, {"-f1", 50, "b"}, {"-b", 1, ""}, {"-f2", 50, ""},
			{"+f1", 0, "f1"}, {"+f2", 0, ""}, {"+b", 0, "b"}, {"-f1", 50, "f2"}, {"-b", 1, ""}, {"-f2", 50, ""},
		}},
		{"of four seats it leaves two", 4, []step{
			{"+f", 0, "f"}, {"+b", 0, "b"}, {"-b", 1, ""}, {"-f", 50, ""},
			{"+f", 0, "f"}, {"+f", 0, "f"}, {"+f", 0, ""}, {"+b", 0, "b"}, {"+b", 0, "b"}, {"+b", 0, ""}, {"-f", 50, "f"}, {"-b", 1, "b"},
		}},
		{"a busy flow does not count as a flood beside one", 2, []step{
			{"+flood", 0, "flood"}, {"+busy", 0, "busy"}, {"-busy", 100, ""}, {"+idle", 0, "idle"}, {"-idle", 0, ""},
			{"-flood", 3000, ""}, {"+flood", 0, "flood"}, {"+busy", 0, "busy"},
		}},
		{"a flood is forgotten", 2, []step{
			{"+flood", 0, "flood"}, {"+b", 0, "b"}, {"-b", 1, ""}, {"-flood", 50, ""}, {"wait", 61, ""},
			{"+flood", 0, "flood"}, {"+flood", 0, "flood"},
		}},
		{"but not at once", 2, []step{
			{"+flood", 0, "flood"}, {"+b", 0, "b"}, {"-b", 1, ""}, {"-flood", 50, ""}, {"wait", 29, ""},
			{"+flood", 0, "flood"}, {"+flood", 0, ""},
		}},
		{"a single seat is anybody's", 1, []step{
			{"+a", 0, "a"}, {"+b", 0, ""}, {"-a", 50, "b"}, {"-b", 1, ""}, {"+a", 0, "a"},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, now, at := newScheduler(roomy(tc.seats)), start, map[string][]*Place{}
			for i, st := range tc.steps {
				user := st.do[1:]
				switch {
				case st.do == "wait":
					now = now.Add(time.Duration(st.ms) * time.Second)
				case st.do[0] == '+':
					queueUp(t, &s, user)
				default:
					s.release(at[user][0], time.Duration(st.ms)*time.Millisecond, now)
					at[user] = at[user][1:]
				}
				next := seated(&s, now)
				for _, p := range next {
					at[p.line.flow.User] = append(at[p.line.flow.User], p)
				}
				if got := users(next); got != st.want {
					t.Fatalf("step %d, %s: seated %q, want %q", i+1, st.do, got, st.want)
				}
			}
		})
	}
}

func TestBounds(t *testing.T) {
	limits := Limits{Seats: 1, FlowRequests: 3, Requests: 5, FlowBytes: 50, Bytes: 80}
	type entry struct {
		user  string
		bytes int64
		want  bool
	}
	for name, entries := range map[string][]entry{
		"requests of a flow":    {{"a", 1, true}, {"a", 1, true}, {"a", 1, true}, {"a", 1, false}, {"b", 1, true}},
		"requests of all flows": {{"a", 1, true}, {"b", 1, true}, {"c", 1, true}, {"d", 1, true}, {"e", 1, true}, {"f", 1, false}},
		"bytes of a flow":       {{"a", 49, true}, {"a", 2, false}, {"a", 1, true}, {"b", 2, true}},
		"bytes of all flows":    {{"a", 50, true}, {"b", 30, true}, {"c", 1, false}, {"c", 0, true}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScheduler(limits)
			for i, e := range entries {
				if got := s.enter(Flow{User: e.user}, e.bytes) != nil; got != e.want {
					t.Errorf("entry %d of %s with %d bytes: %t, want %t", i+1, e.user, e.bytes, got, e.want)
				}
			}
			for flow, l := range s.lines {
				for range l.load.requests {
					s.leave(l, l.load.bytes/int64(max(l.load.requests, 1)))
				}
				if s.lines[flow] != nil {
					t.Errorf("%s has left and has a line", flow.User)
				}
			}
			if s.total != (load{}) {
				t.Errorf("all have left, and %+v is in hand", s.total)
			}
		})
	}
}

func TestAbandon(t *testing.T) {
	s := newScheduler(roomy(10))
	queueUp(t, &s, "a", "b", "a", "c")
	a, b := s.lines[Flow{User: "a"}], s.lines[Flow{User: "b"}]
	s.abandon(a.waiting[0])
	s.abandon(b.waiting[0])
	if got := users(seated(&s, start)); got != "a c" {
		t.Errorf("seated %q, want a and c", got)
	}
}

// Whatever comes and goes, no flow gets more than one turn more than another that waits all the time.
func TestTurnsAreEven(t *testing.T) {
	s := newScheduler(roomy(1))
	var all []string
	for i := range 300 {
		all = append(all, fmt.Sprint(i%3+i/100)) // lines of unequal length
	}
	queueUp(t, &s, all...)
	turns := map[string]int{}
	for {
		p := s.next(start)
		if p == nil {
			break
		}
		turns[p.line.flow.User]++
		var waiting []int
		for _, l := range s.turns {
			waiting = append(waiting, turns[l.flow.User])
		}
		if len(waiting) > 0 && slices.Max(waiting)-slices.Min(waiting) > 1 {
			t.Fatalf("turns so far: %v", turns)
		}
		s.release(p, time.Millisecond, start)
	}
}

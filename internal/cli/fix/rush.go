package fix

import (
	"context"
	"slices"

	"github.com/tlsward/tlsward/internal/cli/check"
	"github.com/tlsward/tlsward/internal/cli/mend"
	"github.com/tlsward/tlsward/internal/cli/offline"
)

// few is how many denials are mended one after the other, each time with everything judged again.
const few = 8

// rush makes many fixes at a time, where that leads to where they lead one after the other: they are for different hosts and
// objects, all that they are for is denied no more, and nothing else is denied then. Where it does not, it leaves out those that take
// nothing away, or makes half as many, and leaves the rest to mend.Until, which makes one, judges all again, and so would take the
// square of their number.
func (j *judge) rush(ctx context.Context, s *state) (_ *state, made []string, err error) {
	m, err := j.look(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	vain := map[string]bool{}
	for most := len(s.denied); len(s.denied) > few && most > few; {
		next, ids := s.withMany(m, most, vain)
		if len(ids) == 0 {
			break
		}
		mended, err := j.look(ctx, next)
		if err != nil {
			return nil, nil, err
		}
		switch left, more := next.compare(s, ids); {
		case len(left) > 0:
			for _, id := range left {
				vain[id] = true
			}
		case more:
			most = len(ids) / 2
		default:
			s, m, made = next, mended, append(made, ids...)
			most = len(s.denied)
		}
	}
	return s, made, nil
}

// withMany returns the state with the fixes of so many findings made, at most, and their ids, without those in vain.
func (s *state) withMany(m *offline.Mesh, most int, vain map[string]bool) (*state, []string) {
	var findings []check.Finding
	var wanted []mend.Wanted
	hosts := map[string]bool{}
	for _, f := range s.denied {
		if len(wanted) < most && !hosts[f.Host] && !vain[idOf(f)] {
			hosts[f.Host] = true
			findings, wanted = append(findings, f), append(wanted, mend.Wanted{Object: f.Object, Fix: f.Fix})
		}
	}
	files, changed, err := mend.Together(m, wanted)
	if err != nil {
		return nil, nil // one after the other they may go
	}
	next := &state{files: files, notes: slices.Clone(s.notes)}
	var ids []string
	for i, f := range findings {
		if len(changed[i]) > 0 {
			ids = append(ids, idOf(f))
			next.notes = append(next.notes, madeNote(f, mend.Change{Objects: changed[i]}))
		}
	}
	return next, ids
}

// compare returns which of the fixes that lead here from before took nothing away, and reports whether more is denied than was.
func (s *state) compare(before *state, ids []string) (left []string, more bool) {
	known := map[string]bool{}
	for _, f := range before.denied {
		known[idOf(f)] = true
	}
	for _, f := range s.denied {
		switch id := idOf(f); {
		case slices.Contains(ids, id):
			left = append(left, id)
		case !known[id]:
			more = true
		}
	}
	return left, more
}

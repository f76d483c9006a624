package mend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Denial is what a fix may take away from a state S.
type Denial[S any] struct {
	// ID is that of the same denial in every state.
	ID string
	// Fix returns the state with the denial's fix made. The error says why that is left to a person.
	Fix func() (S, error)
}

// Outcome is what comes of a state.
type Outcome[S any] struct {
	State S
	// Made are the IDs of the denials whose fixes were made, in order.
	Made []string
	// Left says why what is still denied is left to a person, by the denial's ID.
	Left map[string]error
}

// Until makes the fixes of denials, one after the other, until nothing is denied that a fix could take away.
//
//  1. judge tells what is denied in a state, and key tells states apart.
//  2. Fixes that lead back to an earlier state undo each other: the state is that before the first of them again, and all are
//     left, and so is whatever else leads into their circle.
//  3. A denial that its fix does not take away is left, and what was made since that fix is taken back.
//  4. The passes are bounded by the number of denials at the beginning: what is denied after them is left.
func Until[S any](ctx context.Context, start S, key func(S) string, judge func(context.Context, S) ([]Denial[S], error)) (Outcome[S], error) {
	l := loop[S]{left: map[string]error{}, abandoned: map[string]error{}, history: []step[S]{{state: start, key: key(start)}}}
	for passes, most := 0, 0; ; passes++ {
		denials, err := judge(ctx, l.state())
		if err != nil {
			return Outcome[S]{}, err
		}
		if passes == 0 {
			most = passesFor(len(denials))
		}
		switch {
		case passes == most:
			l.leaveAll(denials, most)
			return l.outcome(), nil
		case !l.mendFirst(denials, key):
			return l.outcome(), nil
		}
	}
}

// passesFor returns how many passes a number of denials may take: a fix may bring up what another one mends.
func passesFor(denials int) int { return 20 + 3*denials }

// loop is where Until is.
type loop[S any] struct {
	history []step[S] // the state that it began with, and that after each fix
	left    map[string]error
	// abandoned says which fixes undo each other around a state, by its key.
	abandoned map[string]error
}

// step is a state, and the denial whose fix led there.
type step[S any] struct {
	id, key string
	state   S
}

func (l *loop[S]) state() S { return l.history[len(l.history)-1].state }

// mendFirst makes the fix of the first denial that is not left, and reports whether there is one.
func (l *loop[S]) mendFirst(denials []Denial[S], key func(S) string) bool {
	for _, d := range denials {
		if l.left[d.ID] != nil {
			continue
		}
		if l.madeInVain(d.ID) {
			return true
		}
		next, err := d.Fix()
		if err != nil {
			l.left[d.ID] = err
			continue
		}
		l.goOn(step[S]{d.ID, key(next), next})
		return true
	}
	return false
}

// mostMade is how often the fix of one denial is made: a second one may go on where the first could not.
const mostMade = 3

// madeInVain reports whether the fix of what is still denied has been made too often; then all since the first time is taken back.
func (l *loop[S]) madeInVain(id string) bool {
	first, times := 0, 0
	for i, s := range slices.Backward(l.history[1:]) {
		if s.id == id {
			first, times = i+1, times+1
		}
	}
	if times < mostMade {
		return false
	}
	l.left[id] = fmt.Errorf("its fix was made %d times, and does not take it away", times)
	l.history = l.history[:first]
	return true
}

// goOn takes a step or, where it leads back to an earlier state, all steps since then back.
func (l *loop[S]) goOn(next step[S]) {
	if reason := l.abandoned[next.key]; reason != nil {
		l.left[next.id] = reason
		return
	}
	at := slices.IndexFunc(l.history, func(s step[S]) bool { return s.key == next.key })
	if at < 0 {
		l.history = append(l.history, next)
		return
	}
	circle := append(slices.Clone(l.history[at+1:]), next)
	reason := circleError(circle)
	for _, s := range circle {
		l.left[s.id] = reason
	}
	for _, s := range circle[:len(circle)-1] {
		l.abandoned[s.key] = reason
	}
	l.history = l.history[:at+1]
}

func circleError[S any](circle []step[S]) error {
	if len(circle) == 1 {
		return errors.New("its fix is made already, and takes nothing away")
	}
	ids := make([]string, len(circle))
	for i, s := range circle {
		ids[i] = s.id
	}
	return fmt.Errorf("its fix and others undo each other: %s", strings.Join(ids, ", then "))
}

func (l *loop[S]) leaveAll(denials []Denial[S], passes int) {
	for _, d := range denials {
		if l.left[d.ID] == nil {
			l.left[d.ID] = fmt.Errorf("still denied after %d passes: each fix brings up another denial", passes)
		}
	}
}

func (l *loop[S]) outcome() Outcome[S] {
	o := Outcome[S]{State: l.state(), Left: l.left}
	for _, s := range l.history[1:] {
		o.Made = append(o.Made, s.id)
	}
	return o
}

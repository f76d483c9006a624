package mend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// state is what the denials of these tests are about: a word.
type state = string

// to returns a denial whose fix leads to a state.
func to(id string, next state) Denial[state] {
	return Denial[state]{id, func() (state, error) { return next, nil }}
}

// words is a denial whose fix nobody but a person can make.
func words(id string) Denial[state] {
	return Denial[state]{id, func() (state, error) { return "", errors.New("words alone") }}
}

func TestUntil(t *testing.T) {
	type denials = map[state][]Denial[state]
	tests := []struct {
		name    string
		denials denials
		state   state
		made    []string
		left    []string // beginnings of what is said, by id
	}{
		{"nothing is denied", nil, "start", nil, nil},
		{"one fix", denials{"start": {to("a", "1")}}, "1", []string{"a"}, nil},
		{"one after the other", denials{"start": {to("a", "1"), to("b", "x")}, "1": {to("b", "2")}}, "2", []string{"a", "b"}, nil},
		{"a fix brings up another denial", denials{"start": {to("a", "1")}, "1": {to("b", "2")}}, "2", []string{"a", "b"}, nil},
		{"what a person has to do is left, and the rest is made", denials{"start": {words("a"), to("b", "1")}, "1": {words("a")}}, "1", []string{"b"}, []string{"a: words alone"}},
		{"the same denial needs two fixes", denials{"start": {to("a", "1")}, "1": {to("a", "2")}}, "2", []string{"a", "a"}, nil},
		{"a fix that changes nothing", denials{"start": {to("a", "start"), to("b", "1")}}, "1", []string{"b"}, []string{"a: its fix is made already"}},
		{"a fix that is made again and again", denials{"start": {to("a", "1"), to("z", "5")}, "1": {to("a", "2")}, "2": {to("a", "3")}, "3": {to("a", "4")}}, "5", []string{"z"},
			[]string{"a: its fix was made 3 times"}},
		{"two undo each other", denials{"start": {to("a", "1")}, "1": {to("b", "start")}}, "start", nil,
			[]string{"a: its fix and others undo each other: a, then b", "b: its fix and others undo each other: a, then b"}},
		{"three undo each other, after one that stays", denials{"start": {to("z", "0")}, "0": {to("a", "1")}, "1": {to("b", "2")}, "2": {to("c", "0")}}, "0", []string{"z"},
			[]string{"a: its fix and others undo each other: a, then b, then c", "b: ", "c: "}},
		{"beside two that undo each other another one is mended", denials{"start": {to("a", "1"), to("z", "2")}, "1": {to("b", "start")}, "2": {to("a", "3"), to("b", "3")}}, "2",
			[]string{"z"}, []string{"a: ", "b: "}},
		{"whatever leads into a circle is left", denials{"start": {to("a", "1"), to("b", "1")}, "1": {to("c", "start"), to("d", "2")}}, "start", nil,
			[]string{"a: ", "b: its fix and others undo each other: a, then c", "c: "}},
		{"what led to a circle stays", denials{"start": {to("a", "1")}, "1": {to("b", "2")}, "2": {to("c", "1"), to("d", "3")}, "3": {}}, "1", []string{"a"},
			[]string{"b: its fix and others undo each other: b, then c", "c: "}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Until(t.Context(), "start", strings.Clone, func(_ context.Context, s state) ([]Denial[state], error) { return test.denials[s], nil })
			if err != nil || got.State != test.state || !slices.Equal(got.Made, test.made) {
				t.Errorf("%v: state %q by %q, want %q by %q", err, got.State, got.Made, test.state, test.made)
			}
			if len(got.Left) != len(test.left) {
				t.Errorf("left %v, want %q", got.Left, test.left)
			}
			for _, want := range test.left {
				id, reason, _ := strings.Cut(want, ": ")
				if got.Left[id] == nil || !strings.HasPrefix(got.Left[id].Error(), reason) {
					t.Errorf("left %s: %v, want %q", id, got.Left[id], reason)
				}
			}
		})
	}
}

// What has no end without leading back is given up, and what is denied by then is named.
func TestUntilIsBounded(t *testing.T) {
	passes := 0
	got, err := Until(t.Context(), "x", strings.Clone, func(_ context.Context, s state) ([]Denial[state], error) {
		passes++
		return []Denial[state]{to(fmt.Sprint("denial ", passes), s+"x"), to("another", "y"+s)}, nil
	})
	if err != nil || passes != passesFor(2)+1 || len(got.Made) != passesFor(2) {
		t.Fatalf("%v: %d passes, %d made", err, passes, len(got.Made))
	}
	for _, id := range []string{fmt.Sprint("denial ", passes), "another"} {
		if reason := got.Left[id]; reason == nil || !strings.Contains(reason.Error(), "still denied after 26 passes") {
			t.Errorf("left %s: %v", id, reason)
		}
	}
}

func TestUntilCannotJudge(t *testing.T) {
	broken := errors.New("no mesh")
	_, err := Until(t.Context(), "x", strings.Clone, func(context.Context, state) ([]Denial[state], error) { return nil, broken })
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

package serve

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
)

func TestAConfigMapHearsOfItsOwnPoliciesAlone(t *testing.T) {
	refused := errors.New("load policies: configmap home/a:mine.rego:3: var x is unsafe\n" +
		"configmap home/ab:mine.rego:4: no\nconfigmap home/a:more.rego:7: test test_x is not true")
	for file, want := range map[string]string{
		"configmap home/a:": "load policies: configmap home/a:mine.rego:3: var x is unsafe\nconfigmap home/a:more.rego:7: test test_x is not true",
		"configmap home/b:": "",
	} {
		if got := linesOf(refused, file); got != want {
			t.Errorf("%s: got %q, want %q", file, got, want)
		}
	}
}

func TestWithoutAClusterNobodyIsTold(t *testing.T) {
	n := (&server{}).notifier()
	if n != nil {
		t.Errorf("got %v", n)
	}
	n.warn(corev1.ObjectReference{}, policiesRefused, "x")
}

func TestNotesFitIntoAnEvent(t *testing.T) {
	for _, note := range []string{"short", strings.Repeat("x", maxNote), strings.Repeat("\u00e4", maxNote)} {
		got := clipped(note)
		if len(got) > maxNote || !utf8.ValidString(got) || len(note) <= maxNote && got != note {
			t.Errorf("%d bytes become %d: %.20s", len(note), len(got), got)
		}
	}
}

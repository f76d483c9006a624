package v1alpha1

import (
	"strings"
	"testing"
	"time"
)

func TestEvaluationIsRead(t *testing.T) {
	c, err := ParseConfig([]byte(head + "evaluation: {timeout: 200ms, memoryMiB: 64, allow: [time.now_ns], onError: warn}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Evaluation; time.Duration(got.Timeout) != 200*time.Millisecond || got.OnError != Warn || got.MemoryMiB != 64 || len(got.Allow) != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestEvaluationThatCannotBeIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"{timeout: 5s}":           "evaluation.timeout: want more than 0 and at most 900ms, got 5s",
		"{timeout: -1ms}":         "evaluation.timeout: want more than 0",
		"{timeout: soon}":         `evaluation.timeout: want a duration as "500ms", got "soon"`,
		"{timeout: 500}":          `evaluation.timeout: want a duration as "500ms", got 500`,
		"{memoryMiB: 31}":         "evaluation.memoryMiB: want at least 32, got 31",
		"{onError: audit}":        `evaluation.onError: want deny or warn, got "audit"`,
		"{builtins: [http.send]}": "evaluation.builtins: unknown field",
	} {
		if _, err := ParseConfig([]byte(head + "evaluation: " + text + "\n")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q in it", text, err, want)
		}
	}
}

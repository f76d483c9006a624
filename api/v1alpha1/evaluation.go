package v1alpha1

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Evaluation bounds what a policy may do while it judges one review.
type Evaluation struct {
	// Timeout is how long one policy may take for one review: at most 900ms, 500ms if unset.
	Timeout Duration `json:"timeout,omitempty"`
	// MemoryMiB is by how many mebibytes the program may grow under one policy of a user's: at least 32, 256 if unset.
	MemoryMiB uint32 `json:"memoryMiB,omitempty"`
	// Allow lists Rego functions that are refused otherwise, because their answer depends on more than the review:
	// "time.now_ns", "http.send", "net.cidr_contains".
	Allow []string `json:"allow,omitempty"`
	// OnError is what follows if a policy cannot decide: deny, also if unset, or warn.
	OnError Action `json:"onError,omitempty"`
}

// DefaultTimeout is ample: a policy takes well under a millisecond. MaxTimeout is below one second, the shortest
// timeoutSeconds that an API server takes for a webhook.
const (
	DefaultTimeout = 500 * time.Millisecond
	MaxTimeout     = 900 * time.Millisecond
)

// DefaultMemoryMiB is a quarter of the memory that the chart requests for the program; a policy needs a few kilobytes.
// MinMemoryMiB is as much as the reviews beside it may allocate meanwhile.
const (
	DefaultMemoryMiB = 256
	MinMemoryMiB     = 32
)

// Duration is a time.Duration, written as "500ms".
type Duration time.Duration

// MarshalJSON writes the duration as "500ms".
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON reads a duration as "500ms".
func (d *Duration) UnmarshalJSON(raw []byte) error {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf(`want a duration as "500ms", got %s`, raw)
	}
	parsed, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf(`want a duration as "500ms", got %q`, s)
	}
	*d = Duration(parsed)
	return nil
}

func (e Evaluation) validate(f *FieldErrors) {
	if t := time.Duration(e.Timeout); t < 0 || t > MaxTimeout {
		f.add("evaluation.timeout", "want more than 0 and at most %s, got %s", MaxTimeout, t)
	}
	if m := e.MemoryMiB; m != 0 && m < MinMemoryMiB {
		f.add("evaluation.memoryMiB", "want at least %d, got %d", MinMemoryMiB, m)
	}
	if !slices.Contains([]Action{"", Deny, Warn}, e.OnError) {
		f.add("evaluation.onError", "want deny or warn, got %q", string(e.OnError))
	}
}

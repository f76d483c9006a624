package e2e

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// outcome is what the API server did with a step.
type outcome struct {
	decision   string // allow, deny, or the error that is neither
	deny, warn []string
	spec       any    // of the object answered with
	message    string // all that a person would have read
}

var (
	// refusedBy is how the API server passes on a refusal of any of the validating webhooks.
	refusedBy = regexp.MustCompile(`admission webhook "([a-z]+\.)?validate\.tlsward\.io" denied`)
	deniedBy  = regexp.MustCompile(`(?m)^\[([a-z-]+)\]`)
	warnedBy  = regexp.MustCompile(`^([a-z-]+): `)
)

// read turns an answer into an outcome. A refusal by anything but the webhook's own judgement is an error.
func read(answered *unstructured.Unstructured, err error, warnings []string) outcome {
	out := outcome{decision: "allow", message: strings.Join(warnings, "\n")}
	for _, w := range warnings {
		if m := warnedBy.FindStringSubmatch(w); m != nil {
			out.warn = append(out.warn, m[1])
		} else {
			out.warn = append(out.warn, "unknown warning: "+w)
		}
	}
	if answered != nil {
		out.spec = answered.Object["spec"]
	}
	if err != nil {
		out.message = err.Error() + "\n" + out.message
		out.decision, out.spec = "error: "+err.Error(), nil
		// Invalid is an object that makes a review larger than any may be.
		if (apierrors.IsForbidden(err) || apierrors.IsInvalid(err)) && refusedBy.MatchString(err.Error()) {
			out.decision = "deny"
		}
		for _, m := range deniedBy.FindAllStringSubmatch(err.Error(), -1) {
			out.deny = append(out.deny, m[1])
		}
	}
	out.deny, out.warn = set(out.deny), set(out.warn)
	return out
}

// differs says in words where an outcome is not what the step expects; "" is nowhere.
func (o outcome) differs(s step) string {
	want := s.Expect
	if o.decision != want.Decision {
		return fmt.Sprintf("decision: want %s, got %s\n%s", want.Decision, o.decision, o.message)
	}
	if want.Decision == "deny" {
		if !slices.Equal(set(want.Deny), o.deny) {
			return fmt.Sprintf("deny: want %v, got %v\n%s", set(want.Deny), o.deny, o.message)
		}
		return ""
	}
	if !slices.Equal(set(want.Warn), o.warn) {
		return fmt.Sprintf("warn: want %v, got %v\n%s", set(want.Warn), o.warn, o.message)
	}
	if s.Operation != remove {
		return s.specDiffers(o.spec)
	}
	return ""
}

// spec is the spec that must be stored if the step is admitted.
func (s step) spec() any {
	if s.Expect.Spec != nil {
		return s.Expect.Spec
	}
	return s.Object["spec"]
}

// specDiffers says in words where a spec is not what must be stored. Specs of its own kinds the API server completes.
func (s step) specDiffers(got any) string {
	want := s.spec()
	if s.Object["apiVersion"] == "v1" || reflect.DeepEqual(normal(want), normal(got)) {
		return ""
	}
	return fmt.Sprintf("spec: want %s\n      got %s", text(want), text(got))
}

// normal makes one number type of all.
func normal(v any) any {
	var out any
	if err := json.Unmarshal([]byte(text(v)), &out); err != nil {
		return err
	}
	return out
}

func text(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// set sorts ids and drops doubles; none at all is an empty set, never nil.
func set(ids []string) []string {
	out := append([]string{}, ids...)
	slices.Sort(out)
	return slices.Compact(out)
}

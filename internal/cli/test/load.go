package test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
)

// file is a Suite document as a user writes it.
type file struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Metadata   map[string]any  `json:"metadata"`
	Config     json.RawMessage `json:"config"`
	Cases      []fileCase      `json:"cases"`
}

type fileCase struct {
	Name   string            `json:"name"`
	Given  []json.RawMessage `json:"given"`
	Review *fileReview       `json:"review"`
	Steps  []fileStep        `json:"steps"`
	Expect *Expect           `json:"expect"`
}

type fileReview struct {
	Operation string          `json:"operation"`
	Object    json.RawMessage `json:"object"`
	OldObject json.RawMessage `json:"oldObject"`
}

type fileStep struct {
	fileReview
	Expect *Expect `json:"expect"`
}

// Is reports whether a document is a Suite.
func Is(d manifests.Document) bool {
	return d.Head.Kind == Kind && d.Head.APIVersion == APIVersion
}

// Load reads a Suite. The error lists all that is wrong, with file, line and field.
func Load(d manifests.Document) (*Suite, error) {
	var f file
	if err := strict(d.Raw, &f); err != nil {
		return nil, fmt.Errorf("%s: %w", d.Where(), err)
	}
	s := &Suite{Name: d.Head.Metadata.Name, File: d.File}
	var errs []error
	fail := func(path string, err error) {
		errs = append(errs, fmt.Errorf("%s:%d: %s: %w", d.File, d.LineOf(path), path, err))
	}
	var err error
	if s.Config, err = v1alpha1.OverlayConfig(f.Config); err != nil {
		fail("config", err)
	}
	if len(f.Cases) == 0 {
		fail("cases", errors.New("there are none"))
	}
	for i, c := range f.Cases {
		path := fmt.Sprintf("cases[%d]", i)
		loaded, where, err := c.load(path)
		if err != nil {
			fail(where, err)
			continue
		}
		loaded.Line = d.LineOf(path)
		s.Cases = append(s.Cases, loaded)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// load returns the case, or the path of the field that is wrong and what is wrong with it.
func (c fileCase) load(path string) (Case, string, error) {
	out := Case{Name: c.Name}
	if c.Name == "" {
		return out, path, errors.New("name is missing")
	}
	for i, raw := range c.Given {
		o, err := mesh.Decode(raw)
		if err != nil {
			return out, fmt.Sprintf("%s.given[%d]", path, i), err
		}
		if o != nil {
			out.Given = append(out.Given, o)
		}
	}
	switch {
	case c.Review != nil && c.Steps != nil:
		return out, path, errors.New("has review and steps, want one of them")
	case c.Review != nil:
		step, err := fileStep{*c.Review, c.Expect}.load()
		out.Steps = []Step{step}
		return out, path, err
	case len(c.Steps) == 0:
		return out, path, errors.New("has neither review nor steps")
	case c.Expect != nil:
		return out, path + ".expect", errors.New("belongs into each of the steps")
	}
	for i, s := range c.Steps {
		step, err := s.load()
		if err != nil {
			return out, fmt.Sprintf("%s.steps[%d]", path, i), err
		}
		out.Steps = append(out.Steps, step)
	}
	return out, "", nil
}

func (s fileStep) load() (Step, error) {
	step := Step{Operation: s.Operation, Object: given(s.Object), OldObject: given(s.OldObject)}
	if step.Operation == "" {
		step.Operation = policies.Create
	}
	switch step.Operation {
	case policies.Create, policies.Update:
		if step.Object == nil {
			return step, fmt.Errorf("%s: object is missing", step.Operation)
		}
	case policies.Delete:
		if step.OldObject == nil {
			return step, errors.New("DELETE: oldObject is missing")
		}
	default:
		return step, fmt.Errorf("operation: want CREATE, UPDATE or DELETE, have %q", step.Operation)
	}
	if s.Expect == nil {
		return step, errors.New("expect is missing")
	}
	step.Expect = *s.Expect
	step.Expect.Spec = given(s.Expect.Spec)
	if d := step.Expect.Decision; d != Allow && d != Deny {
		return step, fmt.Errorf("expect.decision: want allow or deny, have %q", d)
	}
	if step.Expect.Decision == Allow && len(step.Expect.Deny) > 0 {
		return step, errors.New("expect: what a policy denies is not allowed")
	}
	return step, nil
}

// given returns raw, nil for null.
func given(raw json.RawMessage) []byte {
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// strict decodes JSON into v. It returns an error for a field that v does not have.
func strict(raw []byte, v any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(v)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return fmt.Errorf("%s: want %s, have %s", wrong.Field, wrong.Type, wrong.Value)
	}
	return err
}

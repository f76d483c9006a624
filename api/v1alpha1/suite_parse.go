package v1alpha1

import (
	"cmp"
	"encoding/json"
	"fmt"
)

// ParseSuite reads a Suite (JSON) and sets its defaults. It is as strict as ParseConfig, and returns FieldErrors too.
// Whether the objects can be read is not checked.
func ParseSuite(raw []byte) (*Suite, error) {
	s := &Suite{}
	if err := decode(raw, s); err != nil {
		return nil, err
	}
	if err := headErrors(s.APIVersion, s.Kind, KindSuite).orNil(); err != nil {
		return nil, err
	}
	s.setDefaults()
	if err := s.validate().orNil(); err != nil {
		return nil, err
	}
	return s, nil
}

// setDefaults sets what is unset, but in Config.
func (s *Suite) setDefaults() {
	if s.Config == nil {
		s.Config = &Config{}
	}
	for i := range s.Cases {
		c := &s.Cases[i]
		if c.Review != nil {
			c.Review.setDefaults()
			c.Expect.setDefaults()
		}
		for j := range c.Steps {
			c.Steps[j].setDefaults()
			c.Steps[j].Expect.setDefaults()
		}
	}
}

func (r *SuiteReview) setDefaults() {
	r.Operation = cmp.Or(r.Operation, "CREATE")
	r.Object, r.OldObject = withoutNull(r.Object), withoutNull(r.OldObject)
}

func (e *SuiteExpect) setDefaults() {
	if e != nil {
		e.Spec = withoutNull(e.Spec)
	}
}

// withoutNull returns raw, nil for null.
func withoutNull(raw json.RawMessage) json.RawMessage {
	if string(raw) == "null" {
		return nil
	}
	return raw
}

func (s *Suite) validate() FieldErrors {
	var errs FieldErrors
	errs.addUnder("config", s.Config.completePart())
	if len(s.Cases) == 0 {
		errs.add("cases", "there are none")
	}
	for i, c := range s.Cases {
		errs.addUnder(fmt.Sprintf("cases[%d]", i), c.validate())
	}
	return errs
}

// completePart sets the defaults of a Config whose head may be left out, and returns what is wrong with it.
func (c *Config) completePart() FieldErrors {
	if errs := headErrors(cmp.Or(c.APIVersion, APIVersion), cmp.Or(c.Kind, KindConfig), KindConfig); errs != nil {
		return errs
	}
	c.setDefaults()
	return c.validate()
}

func (c SuiteCase) validate() FieldErrors {
	var errs FieldErrors
	if c.Name == "" {
		errs.add("", "name is missing")
	}
	switch {
	case c.Review != nil && c.Steps != nil:
		errs.add("", "has review and steps, want one of them")
	case c.Review != nil:
		c.Reviews()[0].validate(&errs, "")
	case len(c.Steps) == 0:
		errs.add("", "has neither review nor steps")
	case c.Expect != nil:
		errs.add("expect", "belongs into each of the steps")
	default:
		for i, s := range c.Steps {
			s.validate(&errs, fmt.Sprintf("steps[%d]", i))
		}
	}
	return errs
}

func (s SuiteStep) validate(errs *FieldErrors, path string) {
	switch s.Operation {
	case "CREATE", "UPDATE":
		if s.Object == nil {
			errs.add(path, "%s: object is missing", s.Operation)
		}
	case "DELETE":
		if s.OldObject == nil {
			errs.add(path, "DELETE: oldObject is missing")
		}
	default:
		errs.add(path, "operation: want CREATE, UPDATE or DELETE, have %q", s.Operation)
	}
	switch e := s.Expect; {
	case e == nil:
		errs.add(path, "expect is missing")
	case e.Decision != DecisionAllow && e.Decision != DecisionDeny:
		errs.add(path, "expect.decision: want allow or deny, have %q", e.Decision)
	case e.Decision == DecisionAllow && len(e.Deny) > 0:
		errs.add(path, "expect: what a policy denies is not allowed")
	}
}

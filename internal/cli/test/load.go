package test

import (
	"errors"
	"fmt"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/istiod"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/mesh"
)

// Is reports whether a document is a Suite.
func Is(d manifests.Document) bool { return isSuite(d.Head) }

func isSuite(head manifests.Head) bool {
	return head.Kind == v1alpha1.KindSuite && head.APIVersion == v1alpha1.APIVersion
}

// Load reads a Suite. The error lists all that is wrong, with file, line and field.
func Load(d manifests.Document) (*Suite, error) {
	suite, err := v1alpha1.ParseSuite(d.Raw)
	if err != nil {
		return nil, located(d, err)
	}
	s := &Suite{Name: suite.Name(), File: d.File, Config: suite.Config}
	var errs []error
	for i, c := range suite.Cases {
		path := fmt.Sprintf("cases[%d]", i)
		given, configuring, err := decodeGiven(c, path)
		if err != nil {
			errs = append(errs, located(d, err))
			continue
		}
		s.Cases = append(s.Cases, Case{Name: c.Name, Line: d.LineOf(path), Given: given, ControlPlanes: configuring, Steps: c.Reviews(),
			Misspelt: misspelt(d, path, c)})
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// decodeGiven returns the stored objects of a case that the mesh reads, and those that may configure a control plane.
func decodeGiven(c v1alpha1.SuiteCase, path string) (objects []*mesh.Object, configuring []manifests.Document, err error) {
	for i, raw := range c.Given {
		o, err := mesh.Decode(raw)
		var d manifests.Document
		if err == nil {
			d, err = manifests.Object("given", raw)
		}
		if err != nil {
			return nil, nil, v1alpha1.FieldErrors{{Field: fmt.Sprintf("%s.given[%d]", path, i), Message: err.Error()}}
		}
		if o != nil {
			objects = append(objects, o)
		}
		if _, ok := istiod.RevisionOf(d.Head.Kind, d.Head.Metadata.Name); ok || d.Head.Kind == istiod.TagKind {
			configuring = append(configuring, d)
		}
	}
	return objects, configuring, nil
}

// located returns the errors of fields with file and line, and any other with those of the document.
func located(d manifests.Document, err error) error {
	var fields v1alpha1.FieldErrors
	if !errors.As(err, &fields) {
		return fmt.Errorf("%s: %w", d.Where(), err)
	}
	errs := make([]error, len(fields))
	for i, f := range fields {
		errs[i] = fmt.Errorf("%s:%d: %w", d.File, d.LineOf(f.Field), f)
	}
	return errors.Join(errs...)
}

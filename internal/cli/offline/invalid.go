package offline

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/internal/structural"
	"github.com/tlsward/tlsward/mesh"
)

// Misfits returns an error for each thing in a file's object for which no API server takes it, and notes on what else one would drop of
// it, each with its line.
func Misfits(d manifests.Document) (errs []error, notes []string) {
	if errs, notes = invalid(d, ""); len(errs) > 0 {
		return errs, notes
	}
	_, unknown, err := pruned(d, d.Raw)
	if err != nil {
		return []error{fmt.Errorf("%s: %w", d.Where(), err)}, notes
	}
	for _, u := range unknown {
		notes = append(notes, fmt.Sprintf("%s: %s: %s", d.WhereIs(u.Path), named(d.Head, ""), u))
	}
	return nil, notes
}

// invalid returns what the API server refuses a document's object for, an error for each thing with its line. A kind that no CRD is
// known to define is an error where another one was probably meant, else a note: it may be a newer one. What is stored is as it is.
func invalid(d manifests.Document, namespace string) (errs []error, notes []string) {
	if d.Line == 0 {
		return nil, nil
	}
	unknown, err := structural.FindKind(d.Head.APIVersion, d.Head.Kind)
	switch {
	case err != nil:
		return []error{err}, nil
	case unknown != nil && unknown.Nearest != "":
		return []error{fmt.Errorf("%s: %s", d.WhereIs("kind"), unknown)}, nil
	case unknown != nil:
		return nil, []string{fmt.Sprintf("%s: %s that tlsward knows: it is left alone", d.WhereIs("kind"), unknown)}
	case !mesh.Reads(d.Head.APIVersion, d.Head.Kind):
		return nil, nil
	}
	return invalidValues(d, namespace), nil
}

func invalidValues(d manifests.Document, namespace string) []error {
	found, err := structural.Validate(d.Head.APIVersion, d.Head.Kind, d.Raw)
	if err == nil && len(found) == 0 {
		return nil
	}
	_, unknown, pruneErr := structural.Prune(d.Head.APIVersion, d.Head.Kind, d.Raw)
	if err := errors.Join(err, pruneErr); err != nil {
		return []error{fmt.Errorf("%s: %w", d.Where(), err)}
	}
	object := named(d.Head, namespace)
	var errs []error
	for _, u := range unknown {
		errs = append(errs, fmt.Errorf("%s: %s: %s", d.WhereIs(u.Path), object, u))
	}
	for _, f := range found {
		if !slices.ContainsFunc(unknown, func(u structural.Unknown) bool { return isMisspelt(f, u) }) {
			errs = append(errs, fmt.Errorf("%s: %s: %s", d.WhereIs(f.Path), object, f))
		}
	}
	return errs
}

// named returns what an object is called, its kind alone where it has no name.
func named(head manifests.Head, namespace string) string {
	if head.Metadata.Name == "" {
		return head.Kind
	}
	if head.Metadata.Namespace == "" && head.Kind != mesh.KindGatewayClass {
		head.Metadata.Namespace = namespace
	}
	return head.String()
}

// isMisspelt reports whether a field is missing since an unknown one has its name misspelt.
func isMisspelt(f structural.Invalid, u structural.Unknown) bool {
	return f.Missing && u.Nearest != "" && strings.TrimSuffix(f.Path, u.Nearest) == u.Path[:strings.LastIndex(u.Path, ".")+1]
}

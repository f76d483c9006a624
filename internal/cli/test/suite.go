package test

import (
	"encoding/json"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// APIVersion and Kind are those of every Suite.
const (
	APIVersion = "tlsward.io/v1alpha1"
	Kind       = "Suite"
)

// Suite is one Suite document.
type Suite struct {
	// Name is metadata.name, File the file that holds it.
	Name string
	File string
	// Config is the Suite's configuration laid over the defaults.
	Config *v1alpha1.Config
	Cases  []Case
}

// Case is one case of a Suite.
type Case struct {
	Name string
	// Line is where the case begins in the Suite's file.
	Line int
	// Given are the stored objects that the mesh reads.
	Given []*mesh.Object
	// Steps are the reviews, in order; a case with `review` has one.
	Steps []Step
}

// Step is one review and what must come of it.
type Step struct {
	Operation string
	Object    []byte // JSON; nil on DELETE
	OldObject []byte // JSON; nil on CREATE, and where an UPDATE gives none
	Expect    Expect
}

// Expect is the answer that a review must get.
type Expect struct {
	// Decision is Allow or Deny.
	Decision string `json:"decision"`
	// Deny and Warn are the ids of the policies that deny and warn: the exact sets.
	Deny []string `json:"deny"`
	Warn []string `json:"warn"`
	// Spec is the whole spec after mutation; nil: the object stays as it is.
	Spec json.RawMessage `json:"spec"`
}

// The decisions.
const (
	Allow = "allow"
	Deny  = "deny"
)

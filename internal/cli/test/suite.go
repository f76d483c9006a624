package test

import (
	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/mesh"
)

// Suite is a v1alpha1.Suite that can be run: its stored objects are decoded.
type Suite struct {
	// Name is metadata.name, File the file that holds it.
	Name string
	File string
	// Config is complete.
	Config *v1alpha1.Config
	Cases  []Case
}

// Case is one case of a Suite.
type Case struct {
	Name string
	// Line is where the case begins in the Suite's file, from 1.
	Line int
	// Given are the stored objects that the mesh reads.
	Given []*mesh.Object
	// ControlPlanes are those that configure control planes.
	ControlPlanes []manifests.Document
	// Steps are the reviews, in order; a case with `review` has one.
	Steps []v1alpha1.SuiteStep
	// Misspelt is what no API server would store of its objects as it stands there.
	Misspelt []Mismatch
}

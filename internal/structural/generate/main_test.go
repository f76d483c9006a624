package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestFieldsAreThoseOfTheCRDs: `go generate ./internal/structural` makes them again.
func TestFieldsAreThoseOfTheCRDs(t *testing.T) {
	texts, err := Texts("../../..")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range texts {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("internal/structural/%s is not what the CRDs have: go generate ./internal/structural", name)
		}
	}
}

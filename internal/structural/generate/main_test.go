package main

import (
	"bytes"
	"os"
	"testing"
)

// TestFieldsAreThoseOfTheCRDs: `go generate ./internal/structural` makes them again.
func TestFieldsAreThoseOfTheCRDs(t *testing.T) {
	want, err := Fields("../../..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../fields.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("internal/structural/fields.json is not what the CRDs have: go generate ./internal/structural")
	}
}

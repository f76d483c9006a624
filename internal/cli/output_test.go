package cli

import (
	"strings"
	"testing"
)

func TestCheckOutput(t *testing.T) {
	if err := CheckOutput("json", "text", "json"); err != nil {
		t.Error(err)
	}
	err := CheckOutput("xml", "text", "json")
	if want := `--output: want text, json, have "xml"`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestWriteJSON(t *testing.T) {
	var out strings.Builder
	if err := WriteJSON(&out, map[string]string{"message": "a -> b & c"}); err != nil {
		t.Fatal(err)
	}
	if want := "{\n  \"message\": \"a -> b & c\"\n}\n"; out.String() != want {
		t.Errorf("got %s, want %s", out.String(), want)
	}
}

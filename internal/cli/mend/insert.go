package mend

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"gomodules.xyz/jsonpatch/v2"
	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/internal/cli/offline"
)

// Insert adds a new object in a document of its own before that of another object, so that who applies the file applies it
// first. A List of JSON gets another item.
func (e *Edits) Insert(before *offline.Object, object map[string]any) error {
	d := e.documentOf(before)
	isJSON := json.Valid(d.raw)
	if isJSON && before.Pointer() != "" {
		list, _, _ := strings.Cut(before.Pointer(), "/items/") // a List in a List adds to the outer one
		d.patches = append(d.patches, []jsonpatch.Operation{jsonpatch.NewOperation("add", list+"/items/-", object)})
		return nil
	}
	text, err := written(object, isJSON)
	if err != nil {
		return fmt.Errorf("write a new object: %w", err)
	}
	if isJSON && filepath.Ext(before.File) != ".json" {
		text = append(text, "---\n"...)
	}
	if bytes.Contains(d.raw, []byte("\r\n")) {
		text = bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
	}
	d.before = append(d.before, text...)
	return nil
}

// written returns an object as people write it, with the end of its line; YAML with the marker of the next document.
func written(object map[string]any, isJSON bool) ([]byte, error) {
	if isJSON {
		text, err := json.MarshalIndent(object, "", "  ")
		return append(text, '\n'), err
	}
	text, err := yaml.Marshal(object)
	return append(text, "---\n"...), err
}

// insertBefore returns a document with new ones before it. The text of a document begins behind the marker of its line, the
// first one of a file with the comments on the file, as a license, which stay at the top.
func insertBefore(added, text []byte) []byte {
	if len(added) == 0 {
		return text
	}
	at := len(restOfMarker(text))
	if at == 0 {
		at = len(header(text))
	}
	if at == 0 && (bytes.HasPrefix(text, []byte(" ")) || bytes.HasPrefix(text, []byte("\t"))) { // it stands on its marker's line
		added = append([]byte("\n"), added...)
	}
	return bytes.Join([][]byte{text[:at], added, text[at:]}, nil)
}

// restOfMarker returns the rest of the line of a document's marker, nothing where the document has none.
func restOfMarker(text []byte) []byte {
	line, _, found := bytes.Cut(text, []byte("\n"))
	words := bytes.TrimSpace(line)
	if !found || len(words) > 0 && words[0] != '#' || len(line) > 0 && bytes.IndexByte([]byte(" \t\r"), line[0]) < 0 {
		return nil
	}
	return text[:len(line)+1]
}

// header returns the comments at the top of a text that a blank line parts from what follows.
func header(text []byte) []byte {
	end := 0
	for line := range bytes.Lines(text) {
		words := bytes.TrimSpace(line)
		end += len(line)
		switch {
		case len(words) == 0:
			return text[:end]
		case words[0] != '#':
			return nil
		}
	}
	return nil
}

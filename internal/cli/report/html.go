package report

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// page has the page without its data. The scripts are one, in this order.
//
//go:embed page
var page embed.FS

func scripts() []string { return []string{"model.js", "list.js", "matrix.js", "details.js", "main.js"} }

// writeHTML writes the report as one page that asks nobody for anything: its policy lets it load nothing, and run and look like
// what is written in it alone.
func writeHTML(w io.Writer, r report) error {
	data, err := packed(pageDataOf(r))
	if err != nil {
		return fmt.Errorf("pack the report: %w", err)
	}
	return writePage(w, data, "", "default-src 'none'", scripts()...)
}

// writePage writes the page of packed data. With a tag it asks its server for what is new since (see served).
func writePage(w io.Writer, data, tag, fetches string, scripts ...string) error {
	frame, err := page.ReadFile("page/page.html")
	if err != nil {
		return err
	}
	style, err := page.ReadFile("page/page.css")
	if err != nil {
		return err
	}
	var script bytes.Buffer
	for _, name := range scripts {
		part, err := page.ReadFile("page/" + name)
		if err != nil {
			return err
		}
		script.Write(part)
	}
	policy := fmt.Sprintf("%s; base-uri 'none'; form-action 'none'; script-src '%s'; style-src '%s'", fetches, hash(script.Bytes()), hash(style))
	_, err = strings.NewReplacer("{{POLICY}}", policy, "{{STYLE}}", string(style), "{{SCRIPT}}", script.String(), "{{TAG}}", tag, "{{DATA}}", data).
		WriteString(w, string(frame))
	return err
}

// hash returns the source expression of a text (Content Security Policy Level 3, section 2.3.1).
func hash(text []byte) string {
	sum := sha256.Sum256(text)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// packed returns a value as JSON, compressed, in base64: a large mesh says the same over and over.
func packed(value any) (string, error) {
	var b bytes.Buffer
	encoder := base64.NewEncoder(base64.StdEncoding, &b)
	compressed := gzip.NewWriter(encoder)
	if err := json.NewEncoder(compressed).Encode(value); err != nil {
		return "", err
	}
	if err := compressed.Close(); err != nil {
		return "", err
	}
	if err := encoder.Close(); err != nil {
		return "", err
	}
	return b.String(), nil
}

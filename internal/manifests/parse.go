package manifests

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// Parse reads the objects of one file's content, YAML or JSON. The error names the file and line of each thing that
// is wrong; then no document is returned.
func Parse(file string, raw []byte) ([]Document, error) {
	docs, problems := parse(file, raw)
	if err := join(problems); err != nil {
		return nil, err
	}
	return docs, nil
}

func join(problems []problem) error {
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = p.err
	}
	return errors.Join(errs...)
}

// parse returns the objects that can be read, and what is wrong with the other documents.
func parse(file string, raw []byte) (docs []Document, problems []problem) {
	text := bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	for _, c := range split(text) {
		c.start += len(raw) - len(text)
		found, wrong := parseChunk(file, c)
		docs, problems = append(docs, found...), append(problems, wrong...)
	}
	return docs, problems
}

func parseChunk(file string, c chunk) ([]Document, []problem) {
	if values := jsonValues(c); len(values) > 0 {
		return parseAll(file, values)
	}
	if err := c.checkAliases(); err != nil {
		return nil, []problem{c.unparsed(file, c.firstLine(), err.Error())}
	}
	value, err := yaml.YAMLToJSONStrict(c.text)
	if err != nil {
		line, text := explainYAML(c, err)
		return nil, []problem{c.unparsed(file, line, text)}
	}
	if string(value) == "null" {
		return nil, nil
	}
	return flatten(Document{File: file, Line: c.firstLine(), Raw: value, chunk: c})
}

func parseAll(file string, values []chunk) (docs []Document, problems []problem) {
	for _, v := range values {
		found, wrong := flatten(Document{File: file, Line: v.line, Raw: bytes.TrimSpace(v.text), chunk: v})
		docs, problems = append(docs, found...), append(problems, wrong...)
	}
	return docs, problems
}

// jsonValues returns the JSON objects of a chunk, which may follow each other without a marker; none if it is not JSON.
func jsonValues(c chunk) []chunk {
	if text := bytes.TrimSpace(c.text); len(text) == 0 || text[0] != '{' {
		return nil
	}
	var values []chunk
	decoder := json.NewDecoder(bytes.NewReader(c.text))
	for {
		var value json.RawMessage
		err := decoder.Decode(&value)
		if errors.Is(err, io.EOF) {
			return values
		}
		if err != nil {
			return nil
		}
		end := int(decoder.InputOffset())
		start := end - len(value)
		values = append(values, chunk{
			text:  c.text[start:end],
			start: c.start + start,
			line:  c.line + bytes.Count(c.text[:start], []byte("\n")),
			tree:  &tree{},
		})
	}
}

// flatten returns the document, or the objects of a List.
func flatten(d Document) ([]Document, []problem) {
	var err error
	if d.Head, err = ReadHead(d.Raw); err != nil {
		return nil, []problem{{d.Head, d.explainHead(err)}}
	}
	if d.Head.APIVersion == "" || d.Head.Kind == "" {
		return nil, []problem{{d.Head, fmt.Errorf("%s: want a Kubernetes object, but apiVersion or kind is missing", d.Where())}}
	}
	if !strings.HasSuffix(d.Head.Kind, "List") {
		return []Document{d}, nil
	}
	return flattenList(d)
}

// explainHead returns the error of ReadHead with its place.
func (d Document) explainHead(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return fmt.Errorf("%s:%d: field %s: want %s, have %s", d.File, d.LineOf(wrong.Field), wrong.Field, wrong.Type, wrong.Value)
	}
	if wrong != nil {
		return fmt.Errorf("%s: want a Kubernetes object, have %s", d.Where(), wrong.Value)
	}
	return fmt.Errorf("%s: %w", d.Where(), err)
}

func flattenList(d Document) (docs []Document, problems []problem) {
	var list struct {
		Items *[]json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(d.Raw, &list); err != nil {
		return nil, []problem{{d.Head, fmt.Errorf("%s:%d: %s: items is not a list", d.File, d.LineOf("items"), d.Head.Kind)}}
	}
	if list.Items == nil {
		return []Document{d}, nil // a kind that happens to be called so
	}
	for i, raw := range *list.Items {
		item := Document{File: d.File, Raw: raw, chunk: d.chunk, item: d.item.Child("items", i)}
		item.Line = d.LineOf(fmt.Sprintf("items[%d]", i))
		found, wrong := flatten(item)
		docs, problems = append(docs, found...), append(problems, wrong...)
	}
	return docs, problems
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

// explainYAML returns the line of the file that an error of the YAML library is about, and its text without the prefixes
// by which the library names its own steps.
func explainYAML(c chunk, err error) (int, string) {
	text := err.Error()
	for _, prefix := range []string{"error converting YAML to JSON: ", "yaml: ", "unmarshal errors:\n  "} {
		text = strings.TrimPrefix(text, prefix)
	}
	if line, template := c.template(); line > 0 && strings.HasPrefix(text, "invalid map key") {
		return line, "no YAML: " + template + " (a template, of what this is to become?)"
	}
	line := c.firstLine()
	if m := yamlLine.FindStringSubmatchIndex(text); m != nil && m[0] == 0 {
		if n, err := strconv.Atoi(text[m[2]:m[3]]); err == nil {
			line, text = c.line+n-1, text[m[1]:]
		}
	}
	text = twice.ReplaceAllString(text, "$1 is there twice")
	return line, strings.ReplaceAll(text, "\n", ";")
}

// twice matches what the YAML library says of a field that an object has twice.
var twice = regexp.MustCompile(`key "([^"]*)" already set in map`)

// template returns the first placeholder of a template in the chunk, and its line in the file; 0 for none.
func (c chunk) template() (line int, text string) {
	line = c.line
	for l := range bytes.Lines(c.text) {
		if start := bytes.Index(l, []byte("{{")); start >= 0 {
			text, _, _ := strings.Cut(strings.TrimSpace(string(l[start:])), "}}")
			return line, text + "}}"
		}
		line++
	}
	return 0, ""
}

package manifests

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// Contents is what files hold.
type Contents struct {
	Documents []Document
	// PassedBy is what is no Kubernetes object, or cannot be read and claims to be none that counts: where, and why.
	PassedBy []string
	// Broken are the errors of objects that count and cannot be read.
	Broken []error
	// Unread says of each of Broken which object it is.
	Unread []Unread
}

// Unread is what is known of an object that cannot be read.
type Unread struct {
	File string
	// Head has what could be read of it; nothing, maybe.
	Head Head
}

// MayBe reports whether it may be the object that a document of an earlier state holds: the one that it names, or any of the
// same file where it names none.
func (u Unread) MayBe(d Document) bool {
	name, namespace := u.Head.Metadata.Name, u.Head.Metadata.Namespace
	if name == "" {
		return filepath.Base(u.File) == filepath.Base(d.File)
	}
	return u.Head.Kind == d.Head.Kind && name == d.Head.Metadata.Name &&
		(namespace == "" || d.Head.Metadata.Namespace == "" || namespace == d.Head.Metadata.Namespace)
}

// ReadContents reads the objects of files, in order. A file that was named must hold objects alone. One that was found in a
// directory may hold anything: what does not claim to be an object that counts is passed by.
func ReadContents(files []File, counts func(Head) bool) Contents {
	var c Contents
	for _, f := range files {
		if f.aside != "" {
			c.PassedBy = append(c.PassedBy, f.Name+": "+f.aside)
			continue
		}
		docs, problems := f.documents, []problem(nil)
		if !f.rendered {
			docs, problems = parse(f.Name, f.Raw)
		}
		c.Documents = append(c.Documents, docs...)
		for _, p := range problems {
			if f.found && !p.claims(counts) {
				c.PassedBy = append(c.PassedBy, p.err.Error())
			} else {
				c.Broken, c.Unread = append(c.Broken, p.err), append(c.Unread, Unread{f.Name, p.head})
			}
		}
	}
	return c
}

// problem is what is wrong with a document, and what could be read of the object's head.
type problem struct {
	head Head
	err  error
}

// claims reports whether the document says that it is an object that counts, or a list of such.
func (p problem) claims(counts func(Head) bool) bool {
	if p.head.APIVersion == "" || p.head.Kind == "" {
		return false
	}
	item, isList := strings.CutSuffix(p.head.Kind, "List")
	if isList && item == "" {
		return p.head.APIVersion == "v1"
	}
	if isList && counts(Head{APIVersion: p.head.APIVersion, Kind: item}) {
		return true
	}
	return counts(p.head)
}

// headLine matches the fields of a head at the root of a document that cannot be parsed: at a line's beginning, or in JSON.
var headLine = regexp.MustCompile(`(?m)(?:^|[{,]\s*)["']?(apiVersion|kind)["']?\s*:\s*["']?([\w./-]+)`)

// unparsed returns the problem of a chunk that is no YAML. A template claims nothing: what comes of it is the object.
func (c chunk) unparsed(file string, line int, text string) problem {
	p := problem{err: fmt.Errorf("%s:%d: %s", file, line, text)}
	if bytes.Contains(c.text, []byte("{{")) || bytes.Contains(c.text, []byte("{%")) {
		return p
	}
	for _, match := range headLine.FindAllSubmatch(c.text, -1) {
		field := &p.head.Kind
		if string(match[1]) == "apiVersion" {
			field = &p.head.APIVersion
		}
		if *field == "" {
			*field = string(match[2])
		}
	}
	return p
}

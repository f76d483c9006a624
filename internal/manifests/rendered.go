package manifests

import "strings"

// RenderedFile returns a file of objects that a tool rendered. It has no text: what the objects are is decided by their sources.
func RenderedFile(name string, docs []Document) File {
	return File{Name: name, documents: docs, rendered: true}
}

// IsRendered reports whether the file holds objects that a tool rendered, and no text.
func (f File) IsRendered() bool { return f.rendered }

// Render returns the document of an object (JSON) that a tool made of d: its lines are those of d, and its text is nobody's to edit.
func (d Document) Render(raw []byte, tool string) (Document, error) {
	made, err := Object(d.File, raw)
	if err != nil {
		return Document{}, err
	}
	d.Raw, d.Head, d.RenderedBy = raw, made.Head, tool
	return d, nil
}

// Nearest returns the document of which a tool is likely to have made an object: of those of its kind the one of its name or, as
// tools put something around it, the one with the longest name that is part of it, or the only one. ok is false for none.
func Nearest(docs []Document, head Head) (nearest Document, ok bool) {
	var alike []Document
	for _, d := range docs {
		if d.Head.Kind == head.Kind {
			alike = append(alike, d)
		}
	}
	for _, d := range alike {
		name := d.Head.Metadata.Name
		if name == head.Metadata.Name && sameNamespace(d.Head, head) {
			return d, true
		}
		if strings.Contains(head.Metadata.Name, name) && (!ok || len(name) > len(nearest.Head.Metadata.Name)) {
			nearest, ok = d, true
		}
	}
	if !ok && len(alike) == 1 {
		return alike[0], true
	}
	return nearest, ok
}

func sameNamespace(a, b Head) bool {
	return a.Metadata.Namespace == "" || b.Metadata.Namespace == "" || a.Metadata.Namespace == b.Metadata.Namespace
}

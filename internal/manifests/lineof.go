package manifests

// LineOf returns the line of a field in a file's first document, which may be no Kubernetes object, as Document.LineOf does; 1 where
// the file has none.
func LineOf(raw []byte, field string) int {
	for _, c := range split(raw) {
		return Document{Line: c.firstLine(), chunk: c}.LineOf(field)
	}
	return 1
}

package helm

import (
	"bytes"
	"os"
	"regexp"
)

// kindLine matches the line of a template that names the kind of an object.
var kindLine = regexp.MustCompile(`^kind:\s*["']?(\w+)`)

// lines finds the lines of a template on which objects begin.
type lines struct {
	begins map[string][]int // of the objects of a kind that are still to come
	last   map[string]int
}

// newLines reads a template; what cannot be read has no lines.
func newLines(file string) lines {
	l := lines{begins: map[string][]int{}, last: map[string]int{}}
	raw, err := os.ReadFile(file)
	if err != nil {
		return l
	}
	number, begin := 0, 0
	for line := range bytes.Lines(raw) {
		number++
		if bytes.HasPrefix(line, []byte("---")) {
			begin = 0
		}
		if bytes.HasPrefix(line, []byte("apiVersion:")) {
			begin = number
		}
		if m := kindLine.FindSubmatch(line); m != nil {
			if begin == 0 {
				begin = number
			}
			kind := string(m[1])
			l.begins[kind], begin = append(l.begins[kind], begin), 0
		}
	}
	return l
}

// next returns the line of the next object of a kind: that of the last one where a template repeats it, as in a range, and 1 where
// it names no such kind.
func (l lines) next(kind string) int {
	if coming := l.begins[kind]; len(coming) > 0 {
		l.last[kind], l.begins[kind] = coming[0], coming[1:]
	}
	return max(l.last[kind], 1)
}

package cli

import (
	"fmt"
	"io"
	"time"
)

// Streams are the standard streams of a command.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	// ProgressAfter is how long a command works before it says so; a second if zero.
	ProgressAfter time.Duration
}

// Silent returns the streams without notes.
func (s Streams) Silent() Streams {
	s.Err = io.Discard
	return s
}

// Note writes a line about the command's work to Err. That it cannot be written changes nothing.
func (s Streams) Note(format string, args ...any) {
	_, _ = fmt.Fprintf(s.Err, "tlsward: "+format+"\n", args...)
}

// NotePassedBy tells how many documents were passed by since they are no Kubernetes objects; verbose names them.
func (s Streams) NotePassedBy(documents []string, verbose bool) {
	if verbose {
		for _, where := range documents {
			s.Note("passed by: %s", where)
		}
		return
	}
	switch n := len(documents); n {
	case 0:
	case 1:
		s.Note("passed by 1 document that is no Kubernetes object (-v names it)")
	default:
		s.Note("passed by %d documents that are no Kubernetes objects (-v names them)", n)
	}
}

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

// Note writes a line about the command's work to Err. That it cannot be written changes nothing.
func (s Streams) Note(format string, args ...any) {
	_, _ = fmt.Fprintf(s.Err, "tlsward: "+format+"\n", args...)
}

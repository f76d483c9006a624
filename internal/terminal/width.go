package terminal

import (
	"io"
	"os"
	"strconv"

	"golang.org/x/term"
)

// usualWidth is that of a terminal which does not say its own, and of a pipe.
const usualWidth = 120

// Width returns how many columns a line of w may have: those of the terminal, else what COLUMNS says.
func Width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	if width, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && width > 0 {
		return width
	}
	return usualWidth
}

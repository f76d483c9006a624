// Package terminal styles text for people who read it on a terminal. The text itself does not belong here.
package terminal

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Style colours text. The zero Style leaves it as it is.
type Style struct{ on bool }

// For returns the style for a writer: colours only on a terminal, and never if NO_COLOR is set (no-color.org).
func For(w io.Writer) Style {
	f, ok := w.(*os.File)
	return Style{on: ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))}
}

// Colored returns the Style that colours whatever the writer is.
func Colored() Style { return Style{on: true} }

// Bold is for headings. Like the other styles it leaves an empty text empty.
func (s Style) Bold(text string) string { return s.paint("1", text) }

// Red is for what is refused and removed.
func (s Style) Red(text string) string { return s.paint("31", text) }

// Green is for what passes and is added.
func (s Style) Green(text string) string { return s.paint("32", text) }

// Yellow is for warnings.
func (s Style) Yellow(text string) string { return s.paint("33", text) }

// Cyan is for places in a text.
func (s Style) Cyan(text string) string { return s.paint("36", text) }

// Dim is for what a reader may skip.
func (s Style) Dim(text string) string { return s.paint("2", text) }

func (s Style) paint(code, text string) string {
	if !s.on || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

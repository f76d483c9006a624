// Package terminal says how text looks where a person reads it. What is said belongs to others.
package terminal

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Style colours text, or leaves it as it is. The zero Style leaves it.
type Style struct{ on bool }

// For gives the style for a writer: colour only on a terminal, and never where NO_COLOR is set (no-color.org).
func For(w io.Writer) Style {
	f, ok := w.(*os.File)
	return Style{on: ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))}
}

// Colored gives the style that always colours.
func Colored() Style { return Style{on: true} }

// Bold and the others give the text in their colour. An empty text stays empty.
func (s Style) Bold(text string) string { return s.paint("1", text) }

// Red is for what is refused and removed.
func (s Style) Red(text string) string { return s.paint("31", text) }

// Green is for what passes and is added.
func (s Style) Green(text string) string { return s.paint("32", text) }

// Yellow is for warnings.
func (s Style) Yellow(text string) string { return s.paint("33", text) }

// Cyan is for places in a text.
func (s Style) Cyan(text string) string { return s.paint("36", text) }

// Dim is for what may be skipped.
func (s Style) Dim(text string) string { return s.paint("2", text) }

func (s Style) paint(code, text string) string {
	if !s.on || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

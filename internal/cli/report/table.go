package report

import (
	"strings"
	"unicode/utf8"
)

// table is laid out so that no line is longer than a width.
type table struct {
	heads []string
	// floors is how far each column may be narrowed.
	floors []int
	rows   [][]string
	// paint styles the cells of a row once they have their width.
	paint func(row int, cell int, text string) string
}

// gap is between two columns.
const gap = "  "

// lines returns the table's lines, its head first.
func (t table) lines(width int) []string {
	widths := t.widths(width)
	lines := []string{line(t.heads, widths, func(_ int, text string) string { return text })}
	for i, row := range t.rows {
		lines = append(lines, line(row, widths, func(cell int, text string) string { return t.paint(i, cell, text) }))
	}
	return lines
}

// widths returns how wide each column is: as wide as its widest cell, and the widest of those that are wider than their floor
// narrowed until all fit.
func (t table) widths(width int) []int {
	widths := make([]int, len(t.heads))
	sum := len(gap) * (len(widths) - 1)
	for i := range widths {
		for _, row := range append([][]string{t.heads}, t.rows...) {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
		sum += widths[i]
	}
	for ; sum > width; sum-- {
		widest := -1
		for i, w := range widths {
			if w > t.floors[i] && (widest < 0 || w > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
	}
	return widths
}

func line(cells []string, widths []int, paint func(cell int, text string) string) string {
	var b strings.Builder
	for i, cell := range cells {
		cell = shorten(cell, widths[i])
		if i > 0 {
			b.WriteString(gap)
		}
		b.WriteString(paint(i, cell))
		if i < len(cells)-1 {
			b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// shorten returns a text of at most width characters.
func shorten(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:max(width-1, 0)]) + "…"
}

// Package diff compares texts line by line and writes the difference as a unified diff.
package diff

import (
	"fmt"
	"strings"

	"github.com/tlsward/tlsward/internal/terminal"
)

// context is how many lines are shown around a change.
const context = 3

// Unified returns the unified diff that leads from before to after, "" if they are alike. There is no header if name
// is empty.
func Unified(name, before, after string, style terminal.Style) string {
	if before == after {
		return ""
	}
	edits := compare(lines(before), lines(after))
	var b strings.Builder
	if name != "" {
		b.WriteString(style.Bold("--- "+name) + "\n" + style.Bold("+++ "+name) + "\n")
	}
	for _, h := range hunks(edits) {
		h.write(&b, style)
	}
	return b.String()
}

// lines splits a text into its lines, each without its end. A last line that has no end is marked, as diff does.
func lines(text string) []string {
	if text == "" {
		return nil
	}
	list := strings.Split(text, "\n")
	if last := len(list) - 1; list[last] == "" {
		return list[:last]
	}
	list[len(list)-1] += "\n\\ No newline at end of file"
	return list
}

// hunk is a run of edits with their context.
type hunk struct {
	edits         []edit
	before, after int // first lines, from 1
}

// hunks groups the changes whose context meets.
func hunks(edits []edit) []hunk {
	var list []hunk
	shown := 0 // edits before this index are in a hunk
	for i, e := range edits {
		if e.op == keep {
			continue
		}
		from, to := max(i-context, shown), min(i+context+1, len(edits))
		if len(list) == 0 || from > shown {
			list = append(list, hunk{})
			list[len(list)-1].before, list[len(list)-1].after = position(edits[:from])
		}
		h := &list[len(list)-1]
		if to > shown {
			h.edits = append(h.edits, edits[from:to]...)
			shown = to
		}
	}
	return list
}

// position returns the lines, from 1, of both texts that follow these edits.
func position(edits []edit) (before, after int) {
	before, after = 1, 1
	for _, e := range edits {
		if e.op != add {
			before++
		}
		if e.op != remove {
			after++
		}
	}
	return before, after
}

func (h hunk) write(b *strings.Builder, style terminal.Style) {
	olds, news := position(h.edits)
	b.WriteString(style.Cyan(fmt.Sprintf("@@ -%s +%s @@", span(h.before, olds-1), span(h.after, news-1))) + "\n")
	for _, e := range h.edits {
		e.write(b, style)
	}
}

// span returns "start,count" as unified diffs count: an empty span names the line before it.
func span(start, count int) string {
	if count == 0 {
		start--
	}
	if count == 1 {
		return fmt.Sprint(start)
	}
	return fmt.Sprintf("%d,%d", start, count)
}

// Whole returns all lines of both texts, marked as in a diff: " " for what is in both, "-" and "+" for what is in one.
func Whole(before, after string, style terminal.Style) string {
	var b strings.Builder
	for _, e := range compare(lines(before), lines(after)) {
		e.write(&b, style)
	}
	return b.String()
}

func (e edit) write(b *strings.Builder, style terminal.Style) {
	switch e.op {
	case keep:
		b.WriteString(" " + e.line)
	case remove:
		b.WriteString(style.Red("-" + e.line))
	case add:
		b.WriteString(style.Green("+" + e.line))
	}
	b.WriteByte('\n')
}

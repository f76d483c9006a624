package diff

import (
	"strings"
	"unicode/utf8"
)

// Position is a place in a text: between the characters before it and those from it on.
type Position struct {
	Line   int // from 1
	Column int // from 1, in Unicode code points
}

// Replacement puts text in the place of what stands between two positions, which may be the same.
type Replacement struct {
	From, To Position
	Text     string
}

// Replacements returns what leads from before to after, by lines, in order. The positions are those of before, on
// lines that it has; the end of the last line alone, where it goes, is before the first place of a line behind it.
func Replacements(before, after string) []Replacement {
	old := strings.SplitAfter(before, "\n")
	if old[len(old)-1] == "" {
		old = old[:len(old)-1]
	}
	var list []Replacement
	removed, added, next := 0, "", 1 // the lines that go before the next one, and what comes in their place
	flush := func() {
		if removed > 0 || added != "" {
			list = append(list, replacement(old, next-removed, removed, added))
		}
		removed, added = 0, ""
	}
	for _, e := range compare(old, strings.SplitAfter(after, "\n")) {
		switch e.op {
		case keep:
			flush()
			next++
		case remove:
			removed++
			next++
		case add:
			added += e.line
		}
	}
	flush()
	return list
}

// replacement puts text in the place of lines, n of them from the first. Where it can it leaves the end of the last line alone:
// behind that there is no line to name.
func replacement(lines []string, first, n int, text string) Replacement {
	last, begin := first+n-1, Position{first, 1}
	if last < len(lines) || len(lines) == 0 {
		return Replacement{begin, Position{last + 1, 1}, text}
	}
	end, at := lineEnd(lines[len(lines)-1]), endOf(lines, len(lines))
	kept, keeps := strings.CutSuffix(text, end)
	switch {
	case keeps && n == 0:
		return Replacement{at, at, end + kept}
	case keeps:
		return Replacement{begin, at, kept}
	case text == "" && first > 1 && lineEnd(lines[first-2]) == end:
		return Replacement{endOf(lines, first-1), at, ""}
	}
	return Replacement{begin, Position{len(lines) + 1, 1}, text}
}

// endOf returns the place before the end of a line.
func endOf(lines []string, line int) Position {
	text := lines[line-1]
	return Position{line, 1 + utf8.RuneCountInString(strings.TrimSuffix(text, lineEnd(text)))}
}

// lineEnd returns what a line ends in: "" for the last one of a text, maybe.
func lineEnd(line string) string {
	for _, end := range []string{"\r\n", "\n"} {
		if strings.HasSuffix(line, end) {
			return end
		}
	}
	return ""
}

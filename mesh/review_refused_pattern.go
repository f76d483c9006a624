package mesh

import (
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxPattern is how long a pattern may be: Istio takes 1024 bytes in its own kinds, and the Gateway API 4096 for a header.
	maxPattern = 4096
	// maxProgram is how large Envoy lets a program become (re2.max_program_size.error_level in Istio's pkg/bootstrap/config.go).
	maxProgram = 32768
	// maxPatternWork bounds what is read of all patterns of one object; a class of Unicode has some thousand parts.
	maxPatternWork = 1 << 21
	classWork      = 2000
	foldedWork     = 50000
)

// patternCheck tells the regular expressions that Envoy takes from those that it refuses. It has RE2, whose syntax Go's is, but that Go has
// more names of classes, and that programs are bounded. Istio asks Go of its own kinds' patterns, and their length
// (pkg/config/validation/validation.go validateStringRegexp), and nobody of those of the Gateway API.
type patternCheck struct {
	version Version
	work    int
}

// refuses returns what Envoy takes in place of a pattern, "" where it takes the pattern.
func (c *patternCheck) refuses(pattern string) string {
	const regular, shorter = "a regular expression of RE2 (https://github.com/google/re2/wiki/Syntax)", "a regular expression that is shorter or repeats less"
	if len(pattern) > maxPattern {
		return shorter
	}
	if c.work += workOf(pattern); c.work > maxPatternWork {
		return "fewer classes of letters in all regular expressions"
	}
	if pattern == "" || !c.hasKnownEscapes(pattern) {
		return regular
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return regular
	}
	if c.program(parsed) > maxProgram {
		return shorter
	}
	return ""
}

// workOf returns an upper bound of what it costs to parse a pattern.
func workOf(pattern string) int {
	classes := strings.Count(pattern, `\p`) + strings.Count(pattern, `\P`)
	work := len(pattern) + classWork*classes
	if foldsCase(pattern) && !isOfASCII(pattern) { // (?i) adds the other case of each letter of a class
		work += foldedWork * (classes + strings.Count(pattern, "["))
	}
	return work
}

// foldsCase reports whether a pattern may have the flag i: in (?i), (?si:...) and the like, not in (?:...) or (?P<item>...).
func foldsCase(pattern string) bool {
	for _, group := range strings.Split(pattern, "(?")[1:] {
		flags := strings.IndexFunc(group, func(r rune) bool { return r < 'A' || r > 'z' })
		if flags >= 0 && strings.Contains(group[:flags], "i") {
			return true
		}
	}
	return false
}

// isOfASCII reports whether a pattern names ASCII characters alone. What is left of all others ([^/]) is no more to read.
func isOfASCII(pattern string) bool {
	for i := range len(pattern) {
		if pattern[i] >= utf8.RuneSelf {
			return false
		}
	}
	return !strings.Contains(pattern, `\x{`) && !strings.Contains(pattern, `\p`) && !strings.Contains(pattern, `\P`)
}

// hasKnownEscapes reports whether Envoy has the classes and characters that a pattern names by escapes. Go takes names that RE2 does not
// (\p{Letter}, \p{greek}), and Envoy 1.40 no character that is not of Latin-1.
func (c *patternCheck) hasKnownEscapes(pattern string) bool {
	for i := 0; i+1 < len(pattern); i++ {
		if pattern[i] != '\\' {
			continue
		}
		i++
		switch rest := pattern[i+1:]; pattern[i] {
		case 'Q':
			end := strings.Index(rest, `\E`)
			if end < 0 {
				return true
			}
			i += end + len(`\E`)
		case 'p', 'P':
			if !isClassName(nameIn(rest)) {
				return false
			}
		case 'x':
			if digits := strings.TrimLeft(nameIn(rest), "0"); c.isLatin() && strings.HasPrefix(rest, "{") && len(digits) > 2 {
				return false
			}
		case '4', '5', '6', '7':
			if c.isLatin() && len(rest) > 1 && isOctal(rest[0]) && isOctal(rest[1]) {
				return false
			}
		}
	}
	return true
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

// isLatin reports whether Envoy reads patterns and texts as Latin-1, as 1.40 does; 1.38 reads them as UTF-8.
func (c *patternCheck) isLatin() bool { return c.version != Version130 }

// nameIn returns the name that follows \p: one character, or those between braces.
func nameIn(rest string) string {
	if name, braced := strings.CutPrefix(rest, "{"); braced {
		name, _, _ = strings.Cut(name, "}")
		return name
	}
	_, size := utf8.DecodeRuneInString(rest)
	return rest[:size]
}

// isClassName reports whether RE2 has a class of this name, maybe after a caret (re2/unicode_groups.cc): Any, or one of Unicode's
// categories and scripts in the very words of Unicode.
func isClassName(name string) bool {
	name = strings.TrimPrefix(name, "^")
	switch name {
	case "Any":
		return true
	case "Cn", "LC": // Go has them
		return false
	}
	return unicode.Categories[name] != nil || unicode.Scripts[name] != nil
}

// program returns an upper bound of the size of RE2's program for an expression.
func (c *patternCheck) program(re *syntax.Regexp) int {
	size := 1
	switch re.Op {
	case syntax.OpLiteral:
		size = 0
		for _, r := range re.Rune {
			size += c.literal(r, re.Flags&syntax.FoldCase != 0)
		}
	case syntax.OpCharClass:
		size = c.class(re.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		size = c.class([]rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune})
	case syntax.OpCapture, syntax.OpPlus:
		size = 2
	}
	for _, sub := range re.Sub {
		if size <= maxProgram {
			size += c.program(sub)
		}
	}
	if re.Op == syntax.OpRepeat {
		times := re.Max
		if times < 0 {
			times = re.Min + 1
		}
		size = 2 + times*(size-1) + max(re.Max-re.Min, 0)
	}
	return size
}

// literal returns the size of one character.
func (c *patternCheck) literal(r rune, folded bool) int {
	size := utf8.RuneLen(r)
	if folded {
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			if other >= utf8.RuneSelf && !c.isLatin() {
				size += utf8.RuneLen(other) + 1
			}
		}
	}
	return max(size, 1)
}

// class returns the size of a class of characters, given by the first and the last of each range.
func (c *patternCheck) class(ranges []rune) int {
	size := 1
	for i := 0; i+1 < len(ranges); i += 2 {
		first, last := ranges[i], ranges[i+1]
		switch {
		case first < utf8.RuneSelf || c.isLatin() && first <= unicode.MaxLatin1:
			size++
		case c.isLatin():
			continue // nothing that it reads
		}
		if !c.isLatin() && last >= utf8.RuneSelf {
			size += utf8.RuneLen(max(first, utf8.RuneSelf))
			if utf8.RuneLen(first) != utf8.RuneLen(last) {
				size += 3
			}
		}
	}
	return size
}

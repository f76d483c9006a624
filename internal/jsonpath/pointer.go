package jsonpath

import (
	"strconv"
	"strings"
)

// Pointer returns the path as a JSON pointer (RFC 6901). Append becomes "-", which JSON Patch adds at (RFC 6902,
// section 4.1).
func (p Path) Pointer() string {
	var b strings.Builder
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	for _, step := range p {
		b.WriteByte('/')
		switch step := step.(type) {
		case string:
			b.WriteString(escape.Replace(step))
		case int:
			b.WriteString(strconv.Itoa(step))
		default:
			b.WriteByte('-')
		}
	}
	return b.String()
}

// PointerTokens returns the reference tokens of a JSON pointer (RFC 6901, section 4), unescaped. Whether a token is a
// key or an index depends on the value that it is applied to, so no Path can be made of a pointer alone.
func PointerTokens(pointer string) []string {
	tokens := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	for i, token := range tokens {
		tokens[i] = unescape.Replace(token)
	}
	return tokens
}

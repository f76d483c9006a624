package webhook

import (
	"bytes"
	"encoding/json"
	"slices"
)

// headScanner reads the beginning of a JSON text from the front. It does not check what it skips: the codec does. A
// json.Decoder would allocate for every token, a hundred times before a review has its turn.
type headScanner struct{ rest []byte }

// enterObject reads the beginning of a JSON object, and reports whether it was one.
func (s *headScanner) enterObject() bool { return s.take('{') }

// seek reads the fields of a JSON object up to the value of one of those keys, and returns the key, "" if there is none.
func (s *headScanner) seek(keys ...string) string {
	for {
		s.take(',')
		raw, ok := s.raw() // nobody escapes these keys
		if !ok || !s.take(':') {
			return ""
		}
		for _, key := range keys {
			if string(raw) == key {
				return key
			}
		}
		if !s.skip() {
			return ""
		}
	}
}

// take reads one character, spaces before it included, and reports whether it was this one.
func (s *headScanner) take(c byte) bool {
	s.rest = bytes.TrimLeft(s.rest, " \t\r\n")
	if len(s.rest) == 0 || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// text reads a string.
func (s *headScanner) text() (text string, ok bool) {
	raw, ok := s.raw()
	switch {
	case !ok:
		return "", false
	case bytes.IndexByte(raw, '\\') < 0:
		return string(raw), true
	}
	return text, json.Unmarshal(slices.Concat([]byte{'"'}, raw, []byte{'"'}), &text) == nil
}

// raw reads a string, and returns it as it is written, without its quotes.
func (s *headScanner) raw() (raw []byte, ok bool) {
	if !s.take('"') {
		return nil, false
	}
	text := s.rest
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			s.rest = text[i+1:]
			return text[:i], true
		}
	}
	return nil, false
}

// skip reads a value of any kind.
func (s *headScanner) skip() bool {
	for depth := 0; ; {
		s.rest = bytes.TrimLeft(s.rest, " \t\r\n,:")
		if len(s.rest) == 0 {
			return false
		}
		switch s.rest[0] {
		case '"':
			if _, ok := s.raw(); !ok {
				return false
			}
		case '{', '[':
			s.rest = s.rest[1:]
			depth++
		case '}', ']':
			s.rest = s.rest[1:]
			depth--
		default:
			end := bytes.IndexAny(s.rest, ",]} \t\r\n")
			if end < 0 {
				return false
			}
			s.rest = s.rest[end:]
		}
		if depth <= 0 {
			return true
		}
	}
}

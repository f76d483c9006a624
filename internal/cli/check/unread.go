package check

import (
	"regexp"
	"strconv"
)

// unread is an object that could not be read, or judged.
type unread struct {
	file string // "" where the error names none
	line int
	text string
}

var place = regexp.MustCompile(`(?s)^(.+?):(\d+): (.*)$`)

// unreadOf returns what the errors of offline.Mesh say, which begin with file and line.
func unreadOf(errs []error) []unread {
	var all []unread
	for _, err := range errs {
		u := unread{text: err.Error()}
		if m := place.FindStringSubmatch(u.text); m != nil {
			u.file, u.text = m[1], m[3]
			u.line, _ = strconv.Atoi(m[2])
		}
		all = append(all, u)
	}
	return all
}

// where returns the place as "file:line".
func (u unread) where() string {
	if u.file == "" {
		return "unknown place"
	}
	return u.file + ":" + strconv.Itoa(u.line)
}

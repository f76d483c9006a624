package check

import (
	"strconv"

	"github.com/tlsward/tlsward/internal/cli/offline"
)

// unread is what is wrong with an object that could not be read, or judged.
type unread struct {
	file string // "" where the error names none
	line int
	text string
}

// unreadOf returns what the errors of offline.Mesh say, which begin with file and line.
func unreadOf(errs []error) []unread {
	var all []unread
	for _, err := range errs {
		var u unread
		u.file, u.line, u.text = offline.Place(err)
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

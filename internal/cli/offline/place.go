package offline

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
)

var place = regexp.MustCompile(`(?s)^(.+?):(\d+): (.*)$`)

// Place returns the file and line with which an error of Mesh.Broken begins, and what it says after them; "" and 0 where it begins
// with none.
func Place(err error) (file string, line int, text string) {
	m := place.FindStringSubmatch(err.Error())
	if m == nil {
		return "", 0, err.Error()
	}
	line, _ = strconv.Atoi(m[2])
	return m[1], line, m[3]
}

// byPlace sorts errors by file and line.
func byPlace(errs []error) {
	slices.SortStableFunc(errs, func(a, b error) int {
		file, line, _ := Place(a)
		otherFile, otherLine, _ := Place(b)
		return cmp.Or(cmp.Compare(file, otherFile), cmp.Compare(line, otherLine))
	})
}

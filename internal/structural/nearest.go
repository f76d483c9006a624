package structural

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// nearest returns the name that was probably meant, of some; "" if there is none like it.
func nearest(name string, names []string) string {
	best, least := "", min(len(name)/2, 3)+1 // two letters that changed places are two changes
	for _, other := range slices.Sorted(slices.Values(names)) {
		distance := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(other))
		if distance < least {
			best, least = other, distance
		}
	}
	return best
}

// didYouMean returns the question after what is unknown, "" without a name that may be meant.
func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", name)
}

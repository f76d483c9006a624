package mesh

import (
	"maps"
	"slices"
	"strings"
)

// labelsKey returns a string that is equal for equal labels, "" for none.
func labelsKey(labels map[string]string) string {
	if len(labels) == 0 {
		return ""
	}
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		b.WriteString(k + "\x00" + labels[k] + "\x00")
	}
	return b.String()
}

// selectorMatches reports whether labels has all that selector asks for. An empty selector matches everything.
func selectorMatches(selector, labels map[string]string) bool {
	for k, v := range selector {
		if have, ok := labels[k]; !ok || have != v {
			return false
		}
	}
	return true
}

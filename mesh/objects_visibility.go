package mesh

import (
	"slices"
	"strings"
)

// public reports whether exportTo shows an object to every namespace; empty takes the mesh's default, which is so.
func public(exportTo []string) bool {
	return len(exportTo) == 0 || slices.Contains(exportTo, "*")
}

// visible reports whether an object of namespace owner with this exportTo is seen from namespace client
// (pilot/pkg/model/push_context.go IsServiceVisible; "~" hides from all unless "*" stands beside it).
func visible(exportTo []string, owner, client string) bool {
	if public(exportTo) {
		return true
	}
	if slices.Contains(exportTo, "~") {
		return false
	}
	return slices.Contains(exportTo, client) || owner == client && slices.Contains(exportTo, ".")
}

// exportToKey is equal for lists with the same members.
func exportToKey(list []string) string {
	if len(list) == 0 {
		return ""
	}
	sorted := slices.Compact(slices.Sorted(slices.Values(list)))
	return strings.Join(sorted, "\x00")
}

func sameExportTo(a, b []string) bool { return exportToKey(a) == exportToKey(b) }

func privateOnly(key, namespace string) bool {
	return key == "." || key != "" && key == namespace
}

func containsAll(wide, narrow []string) bool {
	for _, name := range narrow {
		if !slices.Contains(wide, name) {
			return false
		}
	}
	return true
}

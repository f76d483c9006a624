package mesh

import (
	"slices"
	"strings"
)

// public reports whether exportTo shows an object to every namespace. An empty one does: that is the mesh's default.
func public(exportTo []string) bool {
	return len(exportTo) == 0 || slices.Contains(exportTo, "*")
}

// visible reports whether an object of namespace owner with this exportTo is seen from namespace client
// (pilot/pkg/model/push_context.go IsServiceVisible). "~" hides it from all, its own namespace included, unless "*"
// stands beside it.
func visible(exportTo []string, owner, client string) bool {
	if public(exportTo) {
		return true
	}
	if slices.Contains(exportTo, "~") {
		return false
	}
	return slices.Contains(exportTo, client) || owner == client && slices.Contains(exportTo, ".")
}

// exportToKey returns a string that is equal for lists with the same members, "" for an empty one.
func exportToKey(list []string) string {
	if len(list) == 0 {
		return ""
	}
	sorted := slices.Compact(slices.Sorted(slices.Values(list)))
	return strings.Join(sorted, "\x00")
}

// sameExportTo reports whether two lists have the same members. An empty list is not the same as "*".
func sameExportTo(a, b []string) bool { return exportToKey(a) == exportToKey(b) }

// privateOnly reports whether the exportTo with this exportToKey shows an object of namespace to that namespace alone.
func privateOnly(key, namespace string) bool {
	return key == "." || key != "" && key == namespace
}

// containsAll reports whether all of subset is in superset.
func containsAll(superset, subset []string) bool {
	for _, name := range subset {
		if !slices.Contains(superset, name) {
			return false
		}
	}
	return true
}

package fixes

import (
	"fmt"
	"maps"
	"strconv"

	"github.com/tlsward/tlsward/internal/jsonpath"
	"github.com/tlsward/tlsward/mesh"
)

// addsPortSettings reports whether a path adds an entry for a port to a policy of a DestinationRule.
func addsPortSettings(path jsonpath.Path) bool {
	n := len(path)
	return n > 1 && path[n-2] == "portLevelSettings" && path[n-1] == jsonpath.Append{}
}

// withInherited returns a new entry for a port with what the port inherited so far. An entry that names no port is
// returned as it is.
func withInherited(rule map[string]any, path jsonpath.Path, entry any) any {
	number := fmt.Sprint(jsonpath.Get(entry, jsonpath.Path{"port", "number"}))
	port, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return entry
	}
	policies := []map[string]any{jsonpath.Object(rule, path[:len(path)-2])}
	if path[1] == "subsets" {
		policies = append([]map[string]any{jsonpath.Object(rule, jsonpath.Path{"spec", "trafficPolicy"})}, policies...)
	}
	whole := jsonpath.Clone(mesh.InheritedPortSettings(uint32(port), policies...))
	maps.Copy(whole, entry.(map[string]any))
	return whole
}

package fixes

import (
	"fmt"
	"maps"

	"github.com/tlsward/tlsward/internal/jsonpath"
	"github.com/tlsward/tlsward/mesh"
)

// addsPortSettings reports whether a path adds an entry for a port to a DestinationRule's policy.
func addsPortSettings(path jsonpath.Path) bool {
	n := len(path)
	return n > 1 && path[n-2] == "portLevelSettings" && path[n-1] == jsonpath.Append{}
}

// withInherited returns a new entry for a port with what the port had so far: by the policy that the entry is added to,
// and in a subset by the rule's own, which a subset inherits field by field.
func withInherited(object map[string]any, path jsonpath.Path, entry any) any {
	fresh, ok := entry.(map[string]any)
	if !ok {
		return entry
	}
	whole := map[string]any{}
	add := func(policy map[string]any) {
		for _, field := range mesh.PortEntryReplaces() {
			if policy[field] != nil {
				whole[field] = jsonpath.Clone(policy[field])
			}
		}
	}
	policy := path[:len(path)-2]
	if len(policy) > 1 && policy[1] == "subsets" {
		add(portPolicy(jsonpath.Object(object, jsonpath.Path{"spec", "trafficPolicy"}), fresh))
	}
	add(jsonpath.Object(object, policy))
	maps.Copy(whole, fresh)
	return whole
}

// portPolicy returns what a policy says of the port of an entry: its own entry for it, else the policy itself.
func portPolicy(policy, entry map[string]any) map[string]any {
	number := jsonpath.Path{"port", "number"}
	list, _ := policy["portLevelSettings"].([]any)
	for _, have := range list {
		if have, ok := have.(map[string]any); ok && fmt.Sprint(jsonpath.Get(have, number)) == fmt.Sprint(jsonpath.Get(entry, number)) {
			return have
		}
	}
	return policy
}

package fixes

import (
	"fmt"
	"maps"

	"github.com/tlsward/tlsward/mesh"
)

// isPortEntry says whether a path adds an entry for a port to a DestinationRule's policy.
func isPortEntry(steps []any) bool {
	n := len(steps)
	if n < 2 {
		return false
	}
	_, adds := steps[n-1].(appended)
	return adds && steps[n-2] == "portLevelSettings"
}

// withInherited gives a new entry for a port with what the port had so far: by the policy that the entry is added to,
// and in a subset by the rule's own, which a subset inherits field by field.
func withInherited(object map[string]any, steps []any, entry any) any {
	fresh, ok := entry.(map[string]any)
	if !ok {
		return entry
	}
	whole := map[string]any{}
	add := func(policy any) {
		settings, _ := policy.(map[string]any)
		for _, field := range mesh.PortEntryReplaces() {
			if settings[field] != nil {
				whole[field] = deepCopy(settings[field])
			}
		}
	}
	if policy := steps[:len(steps)-2]; len(policy) > 1 && policy[1] == "subsets" {
		add(portPolicy(get(object, []any{"spec", "trafficPolicy"}), fresh))
		add(get(object, policy))
	} else {
		add(get(object, policy))
	}
	maps.Copy(whole, fresh)
	return whole
}

// portPolicy gives what a policy says of the port of an entry: its own entry for it, else the policy itself.
func portPolicy(policy any, entry map[string]any) any {
	list, _ := get(policy, []any{"portLevelSettings"}).([]any)
	for _, have := range list {
		if fmt.Sprint(get(have, []any{"port", "number"})) == fmt.Sprint(get(entry, []any{"port", "number"})) {
			return have
		}
	}
	return policy
}

// get gives what is at a path, nil if there is nothing.
func get(value any, steps []any) any {
	for _, step := range steps {
		switch step := step.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[step]
		case int:
			list, _ := value.([]any)
			if step < 0 || step >= len(list) {
				return nil
			}
			value = list[step]
		default:
			return nil
		}
	}
	return value
}

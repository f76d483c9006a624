package mesh

import (
	"fmt"
	"strconv"
)

// InheritedPortSettings returns what a new entry of portLevelSettings has to set, beside its port and TLS, for the port
// to keep what it has so far. Policies are the rule's trafficPolicy and, for an entry of a subset, that of the subset
// after it, as decoded JSON; the result shares its values with them.
//
//  1. An entry takes the place of the policy that it is in: what it leaves out is not inherited
//     (pilot/pkg/networking/util/util.go GetPortLevelTrafficPolicy).
//  2. A subset without an entry for the port inherits field by field from the rule's entry for it, or from the rule's
//     policy if there is none (pilot/pkg/networking/util/util.go MergeSubsetTrafficPolicy, pilot/pkg/model
//     MergeTrafficPolicy).
//
// For example, an entry for port 80 in subset v1 has to set loadBalancer and outlierDetection, and no connectionPool:
//
//	trafficPolicy:
//	  connectionPool: {tcp: {maxConnections: 10}}
//	  portLevelSettings:
//	  - port: {number: 80}
//	    outlierDetection: {consecutive5xxErrors: 3}
//	subsets:
//	- name: v1
//	  trafficPolicy:
//	    loadBalancer: {simple: RANDOM}
func InheritedPortSettings(port uint32, policies ...map[string]any) map[string]any {
	settings := map[string]any{}
	for _, policy := range policies {
		from := policy
		if entry := portLevelEntry(policy, port); entry != nil {
			from = entry
			clear(settings) // the fields of an entry are not inherited
		}
		for _, field := range []string{"loadBalancer", "connectionPool", "outlierDetection"} {
			if from[field] != nil {
				settings[field] = from[field]
			}
		}
	}
	return settings
}

// LosesToPortEntry reports whether a policy, as decoded JSON, has settings that an entry of portLevelSettings cannot
// have: a port with an entry would lose them (networking/v1 TrafficPolicy_PortTrafficPolicy of istio.io/api v1.31).
func LosesToPortEntry(policy map[string]any) bool {
	return policy["tunnel"] != nil || policy["proxyProtocol"] != nil || policy["retryBudget"] != nil
}

// portLevelEntry returns the first entry of a policy for a port, nil if there is none.
func portLevelEntry(policy map[string]any, port uint32) map[string]any {
	list, _ := policy["portLevelSettings"].([]any)
	for _, item := range list {
		entry, _ := item.(map[string]any)
		selector, _ := entry["port"].(map[string]any)
		if fmt.Sprint(selector["number"]) == strconv.FormatUint(uint64(port), 10) {
			return entry
		}
	}
	return nil
}

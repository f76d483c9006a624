package oracle

import (
	"slices"
	"strings"
)

// aloneOnTheirPort returns the ServiceEntries that alone have a port, for one host: what clients mean for it there nobody else's
// listener takes, so that the model, which answers for a host, answers for the connection.
func aloneOnTheirPort(m Mesh) map[uint32]Document {
	owners, hosts := map[uint32]Document{}, map[uint32]int{}
	for _, d := range m {
		for _, number := range portNumbers(d) {
			owners[number] = d
			hosts[number] += len(declaredHosts(d))
		}
	}
	for number, n := range hosts {
		if n != 1 || owners[number].Kind() != "ServiceEntry" {
			delete(owners, number)
		}
	}
	return owners
}

// portNumbers returns the numbers of the ports on which an object has proxies listen.
func portNumbers(d Document) []uint32 {
	var numbers []uint32
	switch d.Kind() {
	case "ServiceEntry":
		for _, p := range declaredPorts(d) {
			numbers = append(numbers, p.number)
		}
	case "Service":
		listed, _ := d.Spec()["ports"].(list)
		for _, p := range listed {
			port, _ := p.(object)
			numbers = append(numbers, numberOf(port["port"]))
		}
	}
	return numbers
}

// isDecidedBy reports whether the model should know where the connection ends, by the entry that alone has its port: a request
// wherever it is sent, other bytes at the entry's own addresses or, where it has none, at any but with resolution NONE.
func (a arrival) isDecidedBy(entry Document) bool {
	switch resolution, _ := entry.Spec()["resolution"].(string); {
	case a.whose == anothers:
		return false
	case a.family == "HTTP":
		return true
	case entry.Spec()["addresses"] != nil:
		return a.whose == itsVIP
	default:
		return resolution != "" && resolution != "NONE"
	}
}

// isKnown reports whether the walk came to an end, and found endpoints.
func (e ends) isKnown() bool {
	return !slices.ContainsFunc(e, func(one connectionEnd) bool {
		return strings.HasPrefix(one.place, "unknown") || one.place == notTaken && one.why == "no-endpoint"
	})
}

// places returns the clusters at which a connection ends, and the authorities that are set. What TLS a cluster has TestOracle decides.
func (e ends) places() string {
	var places []string
	for _, one := range e {
		places = append(places, one.place+" "+one.authority)
	}
	slices.Sort(places)
	return strings.Join(slices.Compact(places), "\n")
}

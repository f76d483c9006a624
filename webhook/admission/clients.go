package admission

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tlsward/tlsward/policies"
)

// namedClients is how many clients of one reason are named before the rest is counted.
const namedClients = 3

// MergeClients returns the violations with those that differ in nothing but their client merged into one, which names
// the clients: a person reads the reason once.
func MergeClients(violations []policies.Violation) []policies.Violation {
	type key struct {
		policy, rest, decidedBy string
		port                    uint32
	}
	index := map[key]int{}
	var out []policies.Violation
	var clients [][]string
	for _, v := range violations {
		rest, led := strings.CutPrefix(v.Message, v.Client)
		k := key{v.Policy, rest, v.DecidedBy, v.Port}
		if i, known := index[k]; known && led && v.Client != "" {
			clients[i] = append(clients[i], v.Client)
			continue
		}
		index[k] = len(out)
		out = append(out, v)
		clients = append(clients, []string{v.Client})
	}
	for i := range out {
		if len(clients[i]) > 1 {
			slices.SortStableFunc(clients[i], othersLast)
			rest := strings.TrimPrefix(out[i].Message, out[i].Client)
			out[i].Client = listOf(clients[i])
			out[i].Message = out[i].Client + rest
		}
	}
	return out
}

// othersLast compares clients so that those with a named namespace come before "any other namespace".
func othersLast(a, b string) int {
	last := func(client string) int { return strings.Count(client, "any other namespace") }
	return last(a) - last(b)
}

// listOf returns names joined as a sentence does: "a, b, c and 4 more".
func listOf(names []string) string {
	if len(names) > namedClients {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:namedClients], ", "), len(names)-namedClients)
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

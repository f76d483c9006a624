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
// the clients in words: a person reads the reason once. What exempts one is told in the same words.
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
		if out[i].Client == "" {
			continue
		}
		slices.SortStableFunc(clients[i], othersLast)
		name := out[i].Client
		out[i].Client = listOf(clients[i])
		if rest, led := strings.CutPrefix(out[i].Message, name); led {
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

// listOf returns clients as a sentence has them: "gateway a, sidecar b, sidecar c and 4 more", or, where all are pods of
// namespaces, "pods of a, b, c, 4 more and all other namespaces".
func listOf(clients []string) string {
	namespaces, ok := namespacesOf(clients)
	switch {
	case len(clients) == 1:
		return inWords(clients[0])
	case !ok:
		words := make([]string, len(clients))
		for i, client := range clients {
			words[i] = inWords(client)
		}
		return enumeration(words)
	}
	last := len(namespaces) - 1
	if namespaces[last] != allOthers {
		return "pods of namespaces " + enumeration(namespaces)
	}
	named := namespaces[:last]
	if len(named) > namedClients {
		named = append(slices.Clone(named[:namedClients]), fmt.Sprintf("%d more", len(named)-namedClients))
	}
	return "pods of " + strings.Join(named, ", ") + " and " + allOthers
}

// inWords returns what a client is called: the pods of a namespace, and of which labels, rather than their sidecars or ztunnel; a
// gateway or a waypoint by its own name.
func inWords(client string) string {
	kind, pods, _ := strings.Cut(client, " ")
	var words string
	switch kind {
	case "sidecar":
		words = "pods of "
	case "ztunnel":
		words = "ambient pods of "
	default:
		return client
	}
	if labels, other := strings.CutPrefix(pods, "any other namespace"); other {
		return words + "every other namespace" + withLabels(labels)
	}
	namespace, labels, _ := strings.Cut(pods, " ")
	return words + namespace + withLabels(labels)
}

// withLabels returns the labels of pods, "a=b c=d", as they follow their namespace; "" for none.
func withLabels(labels string) string {
	if labels = strings.TrimSpace(labels); labels == "" {
		return ""
	}
	return " with " + strings.ReplaceAll(labels, " ", ",")
}

// allOthers is what stands for the namespace of mesh.ClientSidecar's "any other namespace" in a list.
const allOthers = "all other namespaces"

// namespacesOf returns the namespaces of clients; ok is false unless each client is all pods with a sidecar of its one.
func namespacesOf(clients []string) (list []string, ok bool) {
	for _, client := range clients {
		namespace, found := strings.CutPrefix(client, "sidecar ")
		switch {
		case !found:
			return nil, false
		case namespace == "any other namespace":
			namespace = allOthers
		case strings.Contains(namespace, " "): // of some pods alone, by their labels
			return nil, false
		}
		list = append(list, namespace)
	}
	return list, true
}

// enumeration returns names joined: "a, b, c and 4 more".
func enumeration(names []string) string {
	if len(names) > namedClients {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:namedClients], ", "), len(names)-namedClients)
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

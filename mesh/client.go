package mesh

import (
	"cmp"
	"slices"
	"strings"
)

// String names the client as a person would: "sidecar default app=curl".
func (c Client) String() string {
	namespace := c.Namespace
	if namespace == AnyNamespace {
		namespace = "any other namespace"
	}
	var b strings.Builder
	b.WriteString(string(c.Kind) + " " + namespace)
	keys := make([]string, 0, len(c.Labels))
	for k := range c.Labels {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		b.WriteString(" " + k + "=" + c.Labels[k])
	}
	return b.String()
}

// compare orders clients: by kind, namespace and labels.
func (c Client) compare(other Client) int {
	if order := cmp.Or(cmp.Compare(c.Kind, other.Kind), cmp.Compare(c.Namespace, other.Namespace)); order != 0 {
		return order
	}
	return cmp.Compare(labelsKey(c.Labels), labelsKey(other.Labels))
}

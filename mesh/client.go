package mesh

import (
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

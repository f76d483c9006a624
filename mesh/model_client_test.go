package mesh

import (
	"slices"
	"strings"
	"testing"
)

func TestClientString(t *testing.T) {
	for _, name := range []string{"sidecar default", "gateway istio-system", "sidecar default a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8"} {
		equal(t, name, parseClient(name).String(), name)
	}
	equal(t, "all other namespaces", parseClient("sidecar *").String(), "sidecar any other namespace")
}

// Clients are in the order of their kinds, then their namespaces, then their labels.
func TestClientCompare(t *testing.T) {
	want := []string{"gateway z", "sidecar a", "sidecar a app=a", "sidecar a app=b", "sidecar b", "waypoint a"}
	var clients []Client
	for _, i := range []int{3, 5, 0, 2, 4, 1} {
		clients = append(clients, parseClient(want[i]))
	}
	slices.SortFunc(clients, Client.compare)
	var have []string
	for _, c := range clients {
		have = append(have, c.String())
	}
	equal(t, "order", strings.Join(have, ", "), strings.Join(want, ", "))
}

package mesh

import (
	"fmt"
	"testing"
)

// What is looked at for what an entry is told is bounded: a VirtualService costs as much as the hosts that its wildcard covers.
func TestWaitingMatchesWork(t *testing.T) {
	var list []string
	for i := range 300 {
		list = append(list, fmt.Sprintf(`ServiceEntry team-a/e%[1]d: {hosts: [h%[1]d.a.example], ports: [{number: 80, name: http, protocol: HTTP}]}`, i),
			fmt.Sprintf(`VirtualService team-a/v%d: {hosts: ["*.example"], tcp: [{match: [{destinationSubnets: [10.0.0.0/8]}], route: [{destination: {host: h0.a.example}}]}]}`, i))
	}
	s := snapshot(t, append(list, `ServiceEntry bank/new: {hosts: [new.bank.example], ports: [{number: 9443, name: tcp, protocol: TCP}]}`)...)
	found := s.waitingMatches(s.Get(Ref{Kind: KindServiceEntry, Namespace: "bank", Name: "new"}))
	if len(found) != 1 || found[0].Field != "spec.ports" || found[0].Object == nil {
		t.Errorf("it is told %v", found)
	}
}

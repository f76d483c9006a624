package mesh

import (
	"fmt"
	"testing"
)

func TestRefsOf(t *testing.T) {
	s := snapshot(t, `
		ServiceEntry egress/bank: {hosts: [api.bank.example, www.bank.example], ports: [{number: 80, name: http, protocol: HTTP}]}
		ServiceEntry shop/other: {hosts: [x.example], ports: [{number: 80, name: http, protocol: HTTP}]}
		DestinationRule shop/a: {host: "*.bank.example"}
		DestinationRule shop/b: {host: www.bank.example}
		VirtualService shop/for: {hosts: [api.bank.example], http: [{route: [{destination: {host: api.bank.example}}]}]}
		VirtualService shop/to: {hosts: [y.example], http: [{route: [{destination: {host: api.bank.example}}]}]}
		VirtualService shop/neither: {hosts: [z.example], http: [{route: [{destination: {host: x.example}}]}]}`)
	equal(t, "objects", fmt.Sprint(s.RefsOf("api.bank.example")),
		"[ServiceEntry egress/bank DestinationRule shop/a VirtualService shop/for VirtualService shop/to]")
}

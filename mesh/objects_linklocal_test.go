package mesh

import (
	"testing"

	networking "istio.io/api/networking/v1alpha3"
)

func TestIsLinkLocal(t *testing.T) {
	for spec, want := range map[string]bool{
		`{hosts: [metadata.google.internal], endpoints: [{address: 169.254.169.254}]}`: true,
		`{hosts: [metadata.google.internal], addresses: [169.254.169.254/32]}`:         true,
		`{hosts: [169.254.169.254]}`:                                                                       true,
		`{hosts: [a.example], endpoints: [{address: "fe80::1"}]}`:                                          true,
		`{hosts: [a.example], endpoints: [{address: 169.254.169.254}, {address: 192.0.2.1}]}`:              false,
		`{hosts: [a.example], addresses: [169.254.0.0/16]}`:                                                false,
		`{hosts: [a.example], addresses: [169.254.169.254], endpoints: [{address: metadata.example.com}]}`: false,
		`{hosts: [a.example]}`: false,
		`{}`:                   false,
	} {
		entry := objects(t, `ServiceEntry shop/a: `+spec)[0]
		if have := IsLinkLocal(entry.Spec.(*networking.ServiceEntry)); have != want {
			t.Errorf("%s: %t, want %t", spec, have, want)
		}
	}
}

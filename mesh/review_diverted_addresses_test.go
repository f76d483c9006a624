package mesh

import (
	"net/netip"
	"testing"
)

func TestAddressRanges(t *testing.T) {
	var list []netip.Prefix
	for _, text := range []string{"10.1.0.0/16", "10.0.0.5/32", "10.0.0.0/24", "10.1.2.0/24", "10.0.0.0/24", "fd00::/8", "192.168.0.9/32"} {
		list = append(list, netip.MustParsePrefix(text))
	}
	ranges := disjoint(list)
	if len(ranges) != 4 {
		t.Errorf("%v are not disjoint", ranges)
	}
	for text, want := range map[string]bool{
		"10.0.0.0": true, "10.0.0.255": true, "10.0.1.0": false, "10.1.255.255": true, "10.2.0.0": false, "9.255.255.255": false,
		"192.168.0.9": true, "192.168.0.10": false, "fd00::1": true, "fe00::1": false,
	} {
		if have := ranges.contains(netip.MustParseAddr(text)); have != want {
			t.Errorf("%s: %v", text, have)
		}
	}
	if disjoint(nil).contains(netip.MustParseAddr("10.0.0.1")) {
		t.Error("no range has an address")
	}
}

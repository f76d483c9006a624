package mesh

import "testing"

func TestListenAddress(t *testing.T) {
	for bind, want := range map[string]struct {
		address string
		ofPod   bool
	}{
		"":                   {"", false},
		"0.0.0.0":            {"", false},
		"::":                 {"", false},
		"0:0:0:0:0:0:0:0":    {"", false},
		"::ffff:0.0.0.0":     {"", false},
		"10.0.0.7":           {"10.0.0.7", true},
		"::ffff:10.0.0.7":    {"10.0.0.7", true},
		"fd00::7":            {"fd00::7", true},
		"127.0.0.1":          {"127.0.0.1", false},
		"::1":                {"::1", false},
		"unix:///var/run/gw": {"unix:///var/run/gw", false},
		"gateway":            {"gateway", false},
	} {
		equal(t, bind, listenAddress(bind), want.address)
		equal(t, bind, mayBeOfPod(bind), want.ofPod)
	}
}

package mesh

import "testing"

func TestHostLists(t *testing.T) {
	lists := HostLists{{"*.CNN.com"}, {"edition.cnn.com", "a.example.com"}}
	for hostname, want := range map[string]string{
		"edition.cnn.com": "xx", "live.cnn.com": "x-", "A.example.com": "-x", "b.example.com": "--", "cnn.com": "--", "*.live.cnn.com": "x-",
	} {
		if got := lists.covering(hostname); got != want {
			t.Errorf("%s: %q, want %q", hostname, got, want)
		}
	}
	if got := HostLists(nil).covering("a.example.com"); got != "" {
		t.Errorf("without lists: %q", got)
	}
}

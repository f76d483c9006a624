package mesh

import (
	"fmt"
	"testing"
)

// flowTo returns a flow to a host that differs from another one's in nothing but the host.
func flowTo(host string) Flow {
	rule := Ref{Kind: KindDestinationRule, Namespace: "default", Name: "wild"}
	return Flow{
		Path: Path{
			Client: Client{Kind: ClientSidecar, Namespace: "default"}, Host: host, Port: 80, Verdict: Originated,
			Hops: []Hop{{From: "sidecar default", To: host, Port: 443, TLS: "SIMPLE", SNI: "edition.cnn.com", Verified: true}},
		},
		HopKind: HopEgress, Rule: &rule, SNIHosts: []string{host}, Service: &Ref{Kind: KindServiceEntry, Namespace: "default", Name: host},
	}
}

func TestGroupFlows(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Flow)
		groups int
	}{
		"nothing but the host":  {func(*Flow) {}, 1},
		"the names of the host": {func(f *Flow) { f.Hops[0].Names = []string{f.Host} }, 1},
		"a host of a list":      {func(f *Flow) { f.Host = "exempt.example.com" }, 2},
		"the SNI is its name":   {func(f *Flow) { f.SNIHosts = append(f.SNIHosts, "*.cnn.com") }, 2},
		"an SNI":                {func(f *Flow) { f.Hops[0].SNI = "www.cnn.com" }, 2},
		"an unchecked name":     {func(f *Flow) { f.Hops[0].Verified = false }, 2},
		"insecureSkipVerify":    {func(f *Flow) { f.Hops[0].Insecure = true }, 2},
		"another rule":          {func(f *Flow) { f.Rule = &Ref{Kind: KindDestinationRule, Namespace: "default", Name: "other"} }, 2},
		"a verdict":             {func(f *Flow) { f.Before = Plaintext }, 2},
		"a client":              {func(f *Flow) { f.Client.Namespace = "shop" }, 2},
		"a port of endpoints":   {func(f *Flow) { f.TargetPorts = []uint32{443, 8443} }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			var flows []Flow
			for i := range maxUngroupedFlows {
				flows = append(flows, flowTo(fmt.Sprintf("api-%d.example.com", i)))
			}
			odd := flowTo("odd.example.com")
			c.change(&odd)
			odd.OtherHosts = 2
			got := groupFlows(append(flows, odd), HostLists{{"exempt.example.com"}})
			if len(got) != c.groups {
				t.Fatalf("%d groups, want %d", len(got), c.groups)
			}
			hosts := 0
			for _, f := range got {
				hosts += 1 + f.OtherHosts
			}
			if hosts != maxUngroupedFlows+3 || got[0].Host != "api-0.example.com" {
				t.Errorf("%d hosts, the first %s", hosts, got[0].Host)
			}
		})
	}
	if got := groupFlows([]Flow{flowTo("a.example.com"), flowTo("b.example.com")}, nil); len(got) != 2 {
		t.Errorf("%d flows of few", len(got))
	}
}

package mesh

import (
	"fmt"
	"strings"
	"testing"
)

// unaddressed returns so many hosts without an address, each under TLS by a rule of its own namespace.
func unaddressed(hosts int) string {
	var b strings.Builder
	for i := range hosts {
		fmt.Fprintf(&b, "ServiceEntry n%d/e: {hosts: [e%d.example.com], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}\n", i, i)
		fmt.Fprintf(&b, "DestinationRule n%d/e: {host: e%d.example.com, trafficPolicy: {tls: {mode: SIMPLE}}}\n", i, i)
	}
	return b.String()
}

// captured returns a mesh whose sidecars capture DNS before and after a change.
func captured(t *testing.T, manifests, change string) (before, after *Snapshot, object Ref) {
	t.Helper()
	before, after, object = changed(t, manifests, change)
	before.settings.DNSCapture, after.settings.DNSCapture = true, true
	return before, after, object
}

// Of many hosts that lose TLS a few are listed, and hosts that keep it are not looked at without end.
func TestReviewCapturedNamesLooksAtSoMuch(t *testing.T) {
	const wild = `ServiceEntry team-a/x: {hosts: ["*.com"], addresses: [240.9.9.9], resolution: STATIC, ports: [{number: 80, name: tcp, protocol: TCP}],
		endpoints: [{address: 203.0.113.66}]}`
	before, after, object := captured(t, unaddressed(200), wild)
	hosts := map[string]bool{}
	for _, f := range mustReview(t, before, after, object, nil) {
		if f.TakenBy != nil {
			hosts[f.Host] = true
		}
	}
	if len(hosts) != maxTakenHosts {
		t.Errorf("%d hosts are listed", len(hosts))
	}
	const kept = `DestinationRule team-a/x: {host: "*.com", trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true}}}` + "\n"
	before, after, object = captured(t, kept+unaddressed(2000), wild)
	if _, err := Review(t.Context(), before, after, object, nil); err == nil || !strings.Contains(err.Error(), "more than the 4096 ways") {
		t.Errorf("have %v", err)
	}
	// Nobody is kept from deleting.
	if _, err := Review(t.Context(), after, before, object, nil); err != nil {
		t.Error(err)
	}
}

// What names of an entry cost does not grow with their number times that of the hosts.
func TestReviewCapturedNamesOfManyHosts(t *testing.T) {
	var hosts []string
	for i := range 500 {
		hosts = append(hosts, fmt.Sprintf("a%d.other.org", i))
	}
	before, after, object := captured(t, unaddressed(2000), "ServiceEntry team-a/x: {hosts: ["+strings.Join(hosts, ", ")+`], addresses: [240.9.9.9],
		resolution: STATIC, ports: [{number: 80, name: tls, protocol: TLS}], endpoints: [{address: 203.0.113.66}]}`)
	for _, f := range mustReview(t, before, after, object, nil) {
		if f.TakenBy != nil {
			t.Fatalf("%s is taken", f.Host)
		}
	}
}

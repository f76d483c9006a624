package mesh

import (
	"strings"
	"testing"
)

func TestResolution(t *testing.T) {
	for _, c := range []struct{ name, object, want string }{
		{"NONE, also where nothing is said", "ServiceEntry egress/a: {hosts: [a.com]}", "original destination"},
		{"STATIC", "ServiceEntry egress/a: {hosts: [a.com], resolution: STATIC}", ""},
		{"DNS", "ServiceEntry egress/a: {hosts: [a.com], resolution: DNS}", ""},
		{"DNS_ROUND_ROBIN", "ServiceEntry egress/a: {hosts: [a.com], resolution: DNS_ROUND_ROBIN}", "one endpoint"},
		{"DYNAMIC_DNS of a wildcard", `ServiceEntry egress/a: {hosts: ["*.a.com"], resolution: DYNAMIC_DNS}`, "dynamic, forward proxy"},
		{"DYNAMIC_DNS of an exact host", "ServiceEntry egress/a: {hosts: [a.com], resolution: DYNAMIC_DNS}", "dynamic, at its waypoint a forward proxy"},
		{"NONE of a wildcard", `ServiceEntry egress/a: {hosts: ["*.a.com"]}`, "original destination"},
		{"a Service", "Service egress/a: {}", ""},
		{"a headless Service", "Service egress/a: {clusterIP: None}", "original destination"},
	} {
		svc := DefaultSettings().servicesOf(objects(t, "{"+c.object+"}")[0])[0]
		var have []string
		add := func(word string, is bool) {
			if is {
				have = append(have, word)
			}
		}
		add("original destination", svc.isOriginalDst())
		add("one endpoint", svc.isDNSRoundRobin())
		add("dynamic", svc.isDynamicDNS())
		add("forward proxy", svc.usesDynamicForwardProxy())
		add("at its waypoint a forward proxy", !svc.usesDynamicForwardProxy() && scopedService{service: svc, atWaypoint: true}.usesDynamicForwardProxy())
		equal(t, c.name, strings.Join(have, ", "), c.want)
		equal(t, c.name+" elsewhere", scopedService{service: svc}.usesDynamicForwardProxy(), svc.usesDynamicForwardProxy())
	}
}

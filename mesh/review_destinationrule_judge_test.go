package mesh

import "testing"

// TLS in the rule under review that Istio ignores.
func TestReviewIgnoredTLS(t *testing.T) {
	const entry = `
		ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
	for _, c := range []reviewCase{
		{"a credential on a sidecar", entry, `
			DestinationRule shop/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE, credentialName: bank}}}`, `
			sidecar shop api.bank.example:80 plaintext credential-ignored was plaintext decided ignored`},
		{"MUTUAL without its files", entry, `
			DestinationRule shop/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: MUTUAL}}}`, `
			sidecar shop api.bank.example:80 plaintext incomplete-mutual was plaintext decided ignored`},
		{"a ztunnel", entry + `
			Namespace shop: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}`, `
			DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar any other namespace api.bank.example:80 originated SIMPLE was plaintext decided
			sidecar egress api.bank.example:80 originated SIMPLE was plaintext decided
			ztunnel shop api.bank.example:80 plaintext ztunnel was plaintext decided ignored`},
		{"a ztunnel to which another rule applies", entry + `
			Namespace shop: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}
			DestinationRule shop/bank: {host: api.bank.example}`, `
			DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar any other namespace api.bank.example:80 originated SIMPLE was plaintext decided
			sidecar egress api.bank.example:80 originated SIMPLE was plaintext decided`},
		{"a ztunnel that finds a rule which stands in its place", entry + `
			Namespace shop: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}
			DestinationRule egress/young @2: {host: api.bank.example, exportTo: ["*"], trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			DestinationRule egress/bank @1: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, ``},
		{"a ztunnel that no rule selects", entry + `
			Namespace shop: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}`, `
			DestinationRule shop/bank: {host: api.bank.example, workloadSelector: {matchLabels: {app: web}}, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar shop api.bank.example:0 unknown off-path ignored
			ztunnel shop api.bank.example:80 plaintext ztunnel was plaintext`},
		{"a waypoint that finds another rule's selector", `
			KubernetesGateway egress/waypoint: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008, name: mesh}]}
			ServiceEntry egress/bank: {metadata: {labels: {istio.io/use-waypoint: waypoint}}, hosts: [api.bank.example], exportTo: [.],
				resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule egress/selector: {host: api.bank.example, workloadSelector: {matchLabels: {app: web}}}`, `
			DestinationRule egress/bank: {host: "*.bank.example", trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar egress *.bank.example:0 unknown off-path ignored
			sidecar egress api.bank.example:80 plaintext unselected was plaintext
			waypoint egress api.bank.example:80 plaintext selector-at-waypoint was plaintext`},
		{"ISTIO_MUTUAL at a waypoint", `
			KubernetesGateway egress/waypoint: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008, name: mesh}]}
			ServiceEntry egress/bank: {metadata: {labels: {istio.io/use-waypoint: waypoint}}, hosts: [api.bank.example], resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}`, `
			sidecar any other namespace api.bank.example:80 originated ISTIO_MUTUAL unverified was plaintext decided
			sidecar egress api.bank.example:80 originated ISTIO_MUTUAL unverified was plaintext decided
			waypoint egress api.bank.example:80 plaintext mutual-at-waypoint was plaintext decided ignored`},
		{"a selector at a waypoint", `
			KubernetesGateway egress/waypoint: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008, name: mesh}]}
			ServiceEntry egress/bank: {metadata: {labels: {istio.io/use-waypoint: waypoint}}, hosts: [api.bank.example], resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			DestinationRule egress/bank: {host: api.bank.example, workloadSelector: {matchLabels: {app: web}},
				trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar any other namespace api.bank.example:80 plaintext no-rule was plaintext
			sidecar egress api.bank.example:80 plaintext unselected was plaintext
			sidecar egress app=web api.bank.example:80 originated SIMPLE was plaintext decided
			waypoint egress api.bank.example:80 plaintext selector-at-waypoint was plaintext decided ignored`},
		{"a credential that a gateway uses where the application encrypts", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 443, name: https, protocol: HTTPS}]}
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
			VirtualService egress/bank: {hosts: [api.bank.example], gateways: [gw],
				http: [{route: [{destination: {host: api.bank.example, port: {number: 443}}}]}]}`, `
			DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE, credentialName: bank}}}`, `
			gateway istio-system istio=egress api.bank.example:443 originated SIMPLE carrying http was plaintext decided
			sidecar any other namespace api.bank.example:443 application-tls credential-ignored was application-tls decided
			sidecar egress api.bank.example:443 application-tls credential-ignored was application-tls decided`},
		{"one that a gateway uses where nobody encrypts", entry + `
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
			VirtualService egress/bank: {hosts: [api.bank.example], gateways: [gw],
				http: [{route: [{destination: {host: api.bank.example, port: {number: 80}}}]}]}`, `
			DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE, credentialName: bank}}}`, `
			gateway istio-system istio=egress api.bank.example:80 originated SIMPLE was plaintext decided
			sidecar any other namespace api.bank.example:80 plaintext credential-ignored was plaintext decided ignored
			sidecar egress api.bank.example:80 plaintext credential-ignored was plaintext decided ignored`},
		{"one that a gateway wraps the application's TLS in", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], exportTo: [istio-system], resolution: DNS,
				ports: [{number: 443, name: https, protocol: HTTPS}]}
			Gateway egress/gw: {selector: {istio: egress},
				servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: ["*"], tls: {mode: PASSTHROUGH}}]}
			VirtualService egress/bank: {hosts: [api.bank.example], gateways: [gw],
				tls: [{match: [{sniHosts: [api.bank.example]}], route: [{destination: {host: api.bank.example}}]}]}`, `
			DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE, credentialName: bank}}}`, `
			gateway istio-system istio=egress api.bank.example:443 double-tls SIMPLE unverified was application-tls decided
			sidecar istio-system api.bank.example:443 application-tls credential-ignored was application-tls decided ignored`},
		{"one for which a gateway has another rule", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], exportTo: [shop, istio-system], resolution: DNS,
				ports: [{number: 443, name: https, protocol: HTTPS}]}
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
			VirtualService egress/bank: {hosts: [api.bank.example], exportTo: [istio-system], gateways: [gw],
				http: [{route: [{destination: {host: api.bank.example, port: {number: 443}}}]}]}
			DestinationRule istio-system/bank: {host: api.bank.example, exportTo: [.], trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			DestinationRule egress/bank: {host: api.bank.example, exportTo: ["*"], trafficPolicy: {tls: {mode: SIMPLE, credentialName: bank}}}`, `
			sidecar shop api.bank.example:443 application-tls credential-ignored was application-tls decided ignored`},
		{"one that a gateway uses for another host", `
			ServiceEntry egress/bank: {hosts: [api.bank.example, www.bank.example], exportTo: [istio-system], resolution: DNS,
				subjectAltNames: [x.example], ports: [{number: 443, name: https, protocol: HTTPS}]}
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
			VirtualService egress/bank: {hosts: [api.bank.example], gateways: [gw],
				http: [{route: [{destination: {host: api.bank.example, port: {number: 443}}}]}]}`, `
			DestinationRule egress/bank: {host: "*.bank.example", trafficPolicy: {tls: {mode: SIMPLE, credentialName: bank}}}`, `
			gateway istio-system istio=egress api.bank.example:443 originated SIMPLE carrying http was plaintext decided
			sidecar istio-system api.bank.example:443 application-tls credential-ignored was application-tls decided
			sidecar istio-system www.bank.example:443 application-tls credential-ignored was application-tls decided ignored`},
		{"TLS that a gateway uses, and that another rule keeps from sidecars that encrypt themselves", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], exportTo: [shop, istio-system], resolution: DNS,
				ports: [{number: 443, name: https, protocol: HTTPS}]}
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
			VirtualService egress/bank: {hosts: [api.bank.example], exportTo: [istio-system], gateways: [gw],
				http: [{route: [{destination: {host: api.bank.example, port: {number: 443}}}]}]}
			DestinationRule egress/young @2: {host: api.bank.example, exportTo: [shop], trafficPolicy: {tls: {mode: DISABLE}}}`, `
			DestinationRule egress/bank @1: {host: api.bank.example, exportTo: ["*"], trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			gateway istio-system istio=egress api.bank.example:443 originated SIMPLE carrying http was plaintext decided
			sidecar istio-system api.bank.example:443 double-tls SIMPLE unverified was application-tls decided`},
		{"a credential that a gateway uses for another port", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], exportTo: [istio-system], resolution: DNS,
				ports: [{number: 443, name: https, protocol: HTTPS}, {number: 8443, name: more, protocol: HTTPS}]}
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
			VirtualService egress/bank: {hosts: [api.bank.example], gateways: [gw],
				http: [{route: [{destination: {host: api.bank.example, port: {number: 8443}}}]}]}`, `
			DestinationRule istio-system/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE, credentialName: bank}}}`, `
			sidecar istio-system api.bank.example:443 application-tls credential-ignored was application-tls decided
			gateway istio-system istio=egress api.bank.example:8443 originated SIMPLE carrying http was plaintext decided
			sidecar istio-system api.bank.example:8443 application-tls credential-ignored was application-tls decided`},
		{"a credential for a gateway to which no route leads yet", entry + `
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [api.bank.example]}]}`, `
			DestinationRule istio-system/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE, credentialName: bank}}}`, `
			sidecar any other namespace api.bank.example:80 plaintext credential-ignored was plaintext decided ignored for some
			sidecar egress api.bank.example:80 plaintext credential-ignored was plaintext decided ignored for some
			sidecar istio-system api.bank.example:80 plaintext credential-ignored was plaintext decided ignored for some`},
		{"one for a gateway that has no server for the host", entry + `
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}`, `
			DestinationRule istio-system/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE, credentialName: bank}}}`, `
			sidecar any other namespace api.bank.example:80 plaintext credential-ignored was plaintext decided ignored
			sidecar egress api.bank.example:80 plaintext credential-ignored was plaintext decided ignored
			sidecar istio-system api.bank.example:80 plaintext credential-ignored was plaintext decided ignored`},
		{"one that takes the place of TLS", entry + `
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [api.bank.example]}]}
			DestinationRule istio-system/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			DestinationRule istio-system/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE, credentialName: bank}}}`, `
			sidecar any other namespace api.bank.example:80 plaintext credential-ignored was originated decided ignored
			sidecar egress api.bank.example:80 plaintext credential-ignored was originated decided ignored
			sidecar istio-system api.bank.example:80 plaintext credential-ignored was originated decided ignored`},

		{"an older rule's policy stands whole", entry + `
			DestinationRule egress/old @1: {host: api.bank.example, trafficPolicy: {loadBalancer: {simple: RANDOM}}}`, `
			DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar any other namespace api.bank.example:80 plaintext merged-away was plaintext ignored by DestinationRule egress/old
			sidecar egress api.bank.example:80 plaintext merged-away was plaintext ignored by DestinationRule egress/old`},
		{"a younger rule of another exportTo stands in its place", entry + `
			DestinationRule egress/young @2: {host: api.bank.example, exportTo: ["*"], trafficPolicy: {tls: {mode: DISABLE}}}`, `
			DestinationRule egress/bank @1: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar any other namespace api.bank.example:80 plaintext merged-away was plaintext ignored by DestinationRule egress/young
			sidecar egress api.bank.example:80 plaintext merged-away was plaintext ignored by DestinationRule egress/young`},
		{"which decided nothing so far", entry + `
			DestinationRule egress/a @1: {host: api.bank.example, exportTo: ["*"], trafficPolicy: {tls: {mode: DISABLE}}}
			DestinationRule egress/b @3: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			DestinationRule egress/b @0: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar any other namespace api.bank.example:80 plaintext merged-away was originated ignored by DestinationRule egress/a unused lost spec.trafficPolicy.tls to DestinationRule egress/a spec.trafficPolicy.tls
			sidecar egress api.bank.example:80 plaintext merged-away was originated ignored by DestinationRule egress/a unused lost spec.trafficPolicy.tls to DestinationRule egress/a spec.trafficPolicy.tls`},
		{"for some clients alone", entry + `
			DestinationRule egress/shop @2: {host: api.bank.example, exportTo: [shop], trafficPolicy: {tls: {mode: DISABLE}}}`, `
			DestinationRule egress/bank @1: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar any other namespace api.bank.example:80 originated SIMPLE was plaintext decided
			sidecar egress api.bank.example:80 originated SIMPLE was plaintext decided
			sidecar shop api.bank.example:80 plaintext merged-away was plaintext ignored for some by DestinationRule egress/shop`},
		{"a rule that repeats what stands in its place is not told", entry + `
			DestinationRule egress/old @1: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, ``},
		{"nor one that repeats TLS which Istio ignores", entry + `
			DestinationRule egress/old @1: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE, credentialName: bank}}}`, `
			DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE, credentialName: bank}}}`, ``},
		{"a rule that asks for no TLS is not told either", entry + `
			DestinationRule egress/old @1: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}`, ``},
		{"clients under the TLS of the rule that stands in its place", entry + `
			DestinationRule egress/shop @2: {host: api.bank.example, exportTo: [shop], trafficPolicy: {tls: {mode: SIMPLE, sni: x.example}}}`, `
			DestinationRule egress/bank @1: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar any other namespace api.bank.example:80 originated SIMPLE was plaintext decided
			sidecar egress api.bank.example:80 originated SIMPLE was plaintext decided`},
		{"a rule of which all clients have another's TLS", entry + `
			DestinationRule egress/old @1: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE, sni: x.example}}}`, `
			DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar any other namespace api.bank.example:80 originated merged-away SIMPLE unverified was originated ignored by DestinationRule egress/old
			sidecar egress api.bank.example:80 originated merged-away SIMPLE unverified was originated ignored by DestinationRule egress/old`},
		{"a subset's own policy goes before the rule's", entry + `
			DestinationRule egress/old @1: {host: api.bank.example, subsets: [{name: v1, trafficPolicy: {tls: {mode: DISABLE}}}]}`, `
			DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar any other namespace api.bank.example:80 originated SIMPLE was plaintext decided
			sidecar egress api.bank.example:80 originated SIMPLE was plaintext decided`},
		{"an older rule's subset of the same name stands whole", entry + `
			DestinationRule shop/old @1: {host: api.bank.example, subsets: [{name: v1, trafficPolicy: {tls: {mode: DISABLE}}}]}`, `
			DestinationRule shop/bank: {host: api.bank.example, subsets: [{name: v1, trafficPolicy: {tls: {mode: SIMPLE}}}]}`, `
			sidecar shop api.bank.example:80/v1 plaintext merged-away was plaintext ignored by DestinationRule shop/old`},
		{"a wildcard under a rule for the host itself", entry + `
			DestinationRule egress/old: {host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}`, `
			DestinationRule egress/bank: {host: "*.bank.example", trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar egress *.bank.example:0 unknown off-path ignored`},
		{"a rule for all that a selector's absorbs", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], exportTo: [shop], resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule shop/selector: {host: api.bank.example, workloadSelector: {matchLabels: {app: web}},
				trafficPolicy: {loadBalancer: {simple: RANDOM}}}`, `
			DestinationRule shop/bank: {host: api.bank.example, exportTo: [.], trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar shop api.bank.example:80 plaintext unselected was plaintext ignored
			sidecar shop app=web api.bank.example:80 plaintext merged-away was plaintext ignored by DestinationRule shop/selector`},
		{"one that stands beside it, by the name of its namespace", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], exportTo: [shop], resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule shop/selector: {host: api.bank.example, workloadSelector: {matchLabels: {app: web}},
				trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			DestinationRule shop/bank: {host: api.bank.example, exportTo: [shop], trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar shop api.bank.example:80 originated SIMPLE was plaintext decided`},
		{"pods that the selector leaves to a rule with subsets only", entry + `
			DestinationRule egress/subsets @1: {host: api.bank.example, subsets: [{name: v1, trafficPolicy: {tls: {mode: SIMPLE}}}]}`, `
			DestinationRule egress/bank: {host: api.bank.example, workloadSelector: {matchLabels: {app: web}},
				trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar egress api.bank.example:80 plaintext unset was plaintext
			sidecar egress app=web api.bank.example:80 originated SIMPLE was plaintext decided`},
		{"or to one that disables TLS, as it says", entry + `
			DestinationRule egress/subsets @1: {host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}`, `
			DestinationRule egress/bank: {host: api.bank.example, workloadSelector: {matchLabels: {app: web}},
				trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar egress app=web api.bank.example:80 originated SIMPLE was plaintext decided`},
		{"pods of other namespaces with the labels of a selector", entry + `
			VirtualService egress/v: {hosts: [api.bank.example],
				http: [{match: [{sourceLabels: {app: web}}], route: [{destination: {host: api.bank.example}}]}]}
			DestinationRule egress/old @1: {host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}`, `
			DestinationRule egress/bank: {host: api.bank.example, workloadSelector: {matchLabels: {app: web}},
				trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar egress app=web api.bank.example:80 originated SIMPLE was plaintext decided`},
		{"pods that a selector of this namespace selects as well", entry + `
			DestinationRule egress/old @1: {host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}`, `
			DestinationRule egress/bank: {host: api.bank.example, workloadSelector: {matchLabels: {app: web}},
				trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar egress app=web api.bank.example:80 originated SIMPLE was plaintext decided`},
		{"the pods of a selector keep another rule's policy", entry + `
			DestinationRule egress/old @1: {host: api.bank.example, workloadSelector: {matchLabels: {app: web}},
				trafficPolicy: {loadBalancer: {simple: RANDOM}}}`, `
			DestinationRule egress/bank: {host: api.bank.example, workloadSelector: {matchLabels: {app: web}},
				trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar any other namespace api.bank.example:80 plaintext no-rule was plaintext
			sidecar egress api.bank.example:80 plaintext unselected was plaintext
			sidecar egress app=web api.bank.example:80 plaintext merged-away was plaintext ignored by DestinationRule egress/old`},
		{"pods for which another rule with a selector is there", entry + `
			DestinationRule egress/old @1: {host: api.bank.example, exportTo: ["*"], workloadSelector: {matchLabels: {app: web}},
				trafficPolicy: {tls: {mode: DISABLE}}}`, `
			DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar any other namespace api.bank.example:80 originated SIMPLE was plaintext decided
			sidecar egress api.bank.example:80 originated SIMPLE was plaintext decided`},
	} {
		c.run(t)
	}
}

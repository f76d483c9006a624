package mesh

import (
	"fmt"
	"strings"
	"testing"
)

// What a change of AuthorizationPolicy shop/p opens to callers without an identity: pods, targets, what leads there,
// and whether the policy is still for them. "-" is nothing.
func TestOpened(t *testing.T) {
	const (
		cart = "selector: {matchLabels: {app: cart}}, rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]}]"
		deny = "action: DENY, rules: [{from: [{source: {notPrincipals: ['*']}}]}]"
		port = "action: DENY, rules: [{from: [{source: {notPrincipals: ['*']}}], to: [{operation: {ports: ['80']}}]}]"
		svc  = "Service shop/cart: {selector: {app: cart}, ports: [{port: 80}]}"
		many = svc + "\nService shop/d: {selector: {app: d}, ports: [{port: 80}]}\nService shop/e: {selector: {app: e}, ports: [{port: 80}]}" +
			"\nService shop/f: {selector: {app: f}, ports: [{port: 80}]}\nService till/g: {selector: {app: g}, ports: [{port: 80}]}"
		target  = "targetRefs: [{group: '', kind: Service, name: cart}], rules: [{from: [{source: {principals: [a/ns/b/sa/c]}}]}]"
		ingress = "KubernetesGateway shop/front: {gatewayClassName: istio}"
		front   = "targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: front}], rules: [{to: [{operation: {ports: ['80']}}]}]"
	)
	for _, c := range []struct{ name, old, now, beside, want string }{
		{"the only policy goes", cart, "", svc, "app=cart [] [Service shop/cart]"},
		{"and nothing leads there", cart, "", "", "app=cart [] []"},
		{"a Service of other pods does not", cart, "", "Service shop/till: {selector: {app: till}, ports: [{port: 80}]}", "app=cart [] []"},
		{"a Service without a selector does not", cart, "", "Service shop/cart: {ports: [{port: 80}]}", "app=cart [] []"},
		{"three Services are told, of the namespace", "rules: []", "", many, " [] [Service shop/cart Service shop/d Service shop/e]"},
		{"AUDIT", cart, "action: AUDIT, " + cart, svc, "app=cart [] [Service shop/cart] still selected"},
		{"DENY", cart, "action: DENY, " + cart, svc, "app=cart [] [Service shop/cart] still selected"},
		{"CUSTOM", cart, "action: CUSTOM, provider: {name: x}, " + cart, svc, "app=cart [] [Service shop/cart] still selected"},
		{"a dry run", cart, "metadata: {annotations: {istio.io/dry-run: 'true'}}, " + cart, svc, "app=cart [] [Service shop/cart] still selected"},
		{"another control plane's", cart, "metadata: {labels: {istio.io/rev: canary}}, " + cart, svc, "app=cart [] [Service shop/cart] still selected"},
		{"other pods", cart, "selector: {matchLabels: {app: till}}", svc, "app=cart [] [Service shop/cart]"},
		{"fewer pods", cart, "selector: {matchLabels: {app: cart, version: v2}}", svc, "app=cart [] [Service shop/cart]"},
		{"more pods", cart, "rules: []", svc, "-"},
		{"other callers", cart, "selector: {matchLabels: {app: cart}}, rules: [{from: [{source: {principals: [x/ns/y/sa/z]}}]}]", svc, "-"},
		{"callers without an identity", cart, "selector: {matchLabels: {app: cart}}, rules: [{}]", svc, "-"}, // by its own rules
		{"another policy is for all pods", cart, "", svc + "\nAuthorizationPolicy shop/q: {}", "-"},
		{"another policy is for these pods", cart, "", svc + "\nAuthorizationPolicy shop/q: {" + cart + "}", "-"},
		{"one of the mesh", cart, "", svc + "\nAuthorizationPolicy istio-system/q: {}", "-"},
		{"one denies plaintext", cart, "", svc + "\nAuthorizationPolicy shop/q: {" + deny + "}", "-"},
		{"one denies some of it", cart, "", svc + "\nAuthorizationPolicy shop/q: {action: DENY, rules: [{from: [{source: {notPrincipals: ['*']}}], to: [{operation: {ports: ['80']}}]}]}", "app=cart [] [Service shop/cart]"},
		{"one of another namespace", cart, "", svc + "\nAuthorizationPolicy till/q: {}", "app=cart [] [Service shop/cart]"},
		{"one for fewer pods", cart, "", svc + "\nAuthorizationPolicy shop/q: {selector: {matchLabels: {app: cart, version: v2}}}", "app=cart [] [Service shop/cart]"},
		{"one that is a dry run", cart, "", svc + "\nAuthorizationPolicy shop/q: {metadata: {annotations: {istio.io/dry-run: 'true'}}}", "app=cart [] [Service shop/cart]"},
		{"one that denies others", cart, "", svc + "\nAuthorizationPolicy shop/q: {action: DENY, rules: [{from: [{source: {namespaces: [till]}}]}]}", "app=cart [] [Service shop/cart]"},
		{"it let everybody in before", "rules: [{}]", "", svc, "-"},
		{"it was a dry run", "metadata: {annotations: {istio.io/dry-run: 'true'}}, " + cart, "", svc, "-"},
		{"it was an audit", "action: AUDIT, " + cart, "", svc, "-"},
		{"it denied plaintext", deny, "", svc, " [] [Service shop/cart]"},
		{"by a condition", "action: DENY, rules: [{when: [{key: source.principal, notValues: ['*']}]}]", "", svc, " [] [Service shop/cart]"},
		{"it denied some callers", "action: DENY, rules: [{from: [{source: {namespaces: [till]}}]}]", "", svc, "-"},
		{"by a namespace that they are not of", "action: DENY, rules: [{from: [{source: {notNamespaces: [shop]}}]}]", "", svc, " [] [Service shop/cart]"},
		{"by a service account", "action: DENY, rules: [{from: [{source: {notServiceAccounts: [shop/web]}}]}]", "", svc, " [] [Service shop/cart]"},
		{"by a trust domain", "action: DENY, rules: [{from: [{source: {notTrustDomains: ['*']}}]}]", "", svc, " [] [Service shop/cart]"},
		{"by a condition on a namespace", "action: DENY, rules: [{when: [{key: source.namespace, notValues: [shop]}]}]", "", svc, " [] [Service shop/cart]"},
		{"by a condition and a source", "action: DENY, rules: [{from: [{source: {notNamespaces: [shop]}}], when: [{key: source.principal, notValues: ['*']}]}]", "", svc, " [] [Service shop/cart]"},
		{"by a condition on something else", "action: DENY, rules: [{when: [{key: source.namespace, notValues: [shop]}, {key: source.ip, notValues: [10.0.0.1]}]}]", "", svc, "-"},
		{"by an address", "action: DENY, rules: [{from: [{source: {notIpBlocks: [10.0.0.0/8]}}]}]", "", svc, "-"},
		{"for a port", port, "", svc, " [] [Service shop/cart] at [80]"},
		{"for a port, beside another policy for it", port, "", svc + "\nAuthorizationPolicy shop/q: {action: DENY, rules: [{to: [{operation: {ports: ['80', '81']}}]}]}", "-"},
		{"for a port, beside one for another", port, "", svc + "\nAuthorizationPolicy shop/q: {action: DENY, rules: [{to: [{operation: {ports: ['81']}}]}]}", " [] [Service shop/cart] at [80]"},
		{"for a port, beside one for all", port, "", svc + "\nAuthorizationPolicy shop/q: {" + deny + "}", "-"},
		{"for a path", "action: DENY, rules: [{to: [{operation: {ports: ['80'], paths: [/x]}}]}]", "", svc, " [] [Service shop/cart] for [ports 80, paths /x]"},
		{"for a path, beside another policy for more", "action: DENY, rules: [{to: [{operation: {paths: [/x]}}]}]", "", svc + "\nAuthorizationPolicy shop/q: {action: DENY, rules: [{to: [{operation: {paths: ['/*']}}]}]}", "-"},
		{"beside an open policy", deny, "", svc + "\nAuthorizationPolicy shop/q: {rules: [{}]}", " [] [Service shop/cart] let in by shop/q"},
		{"beside one that names callers", deny, "", svc + "\nAuthorizationPolicy shop/q: {rules: [{from: [{source: {principals: [a/ns/b/sa/c]}}]}]}", "-"},
		{"beside one that asks some for no identity", deny, "", svc + "\nAuthorizationPolicy shop/q: {rules: [{from: [{source: {principals: [a/ns/b/sa/c]}}]}, {to: [{operation: {methods: [GET]}}]}]}", " [] [Service shop/cart] let in by shop/q"},
		{"beside one that asks for a token", deny, "", svc + "\nAuthorizationPolicy shop/q: {rules: [{from: [{source: {requestPrincipals: ['*']}}]}]}", " [] [Service shop/cart] let in by shop/q"},
		{"beside one for a namespace or a trust domain", deny, "", svc + "\nAuthorizationPolicy shop/q: {rules: [{from: [{source: {namespaces: [b]}}, {source: {trustDomains: [a]}}]}]}", "-"},
		{"beside one that names callers, and one that lets others in", deny, "", svc + "\nAuthorizationPolicy shop/q: {}\nAuthorizationPolicy shop/r: {selector: {matchLabels: {app: cart, v: '1'}}, rules: [{to: [{operation: {methods: [GET]}}]}]}", " [] [Service shop/cart] let in by shop/r"},
		{"beside one for its pods, and one that lets others in to pods of a label that they may have", deny, "", svc + "\nAuthorizationPolicy shop/q: {" + cart + "}\nAuthorizationPolicy shop/r: {selector: {matchLabels: {v: '1'}}, rules: [{}]}", " [] [Service shop/cart] let in by shop/r"},
		{"beside one that lets others in to other pods", "selector: {matchLabels: {app: cart}}, " + deny, "", svc + "\nAuthorizationPolicy shop/q: {}\nAuthorizationPolicy shop/r: {selector: {matchLabels: {tier: front}}, rules: [{}]}\nService shop/front: {selector: {app: front, tier: front}, ports: [{port: 80}]}", "-"},
		{"or to pods that both select, as a Service says", "selector: {matchLabels: {app: cart}}, " + deny, "", "Service shop/cart: {selector: {app: cart, tier: front}, ports: [{port: 80}]}\nAuthorizationPolicy shop/q: {}\nAuthorizationPolicy shop/r: {selector: {matchLabels: {tier: front}}, rules: [{}]}", "app=cart [] [Service shop/cart] let in by shop/r"},
		{"for a port, beside one that lets anybody in at another", port, "", svc + "\nAuthorizationPolicy shop/q: {rules: [{to: [{operation: {ports: ['81']}}]}]}", "-"},
		{"for a port, beside one that lets anybody in at this", port, "", svc + "\nAuthorizationPolicy shop/q: {rules: [{to: [{operation: {ports: ['80', '81']}}]}]}", " [] [Service shop/cart] at [80] let in by shop/q"},
		{"for a port, beside one that lets anybody in for a path", port, "", svc + "\nAuthorizationPolicy shop/q: {rules: [{to: [{operation: {paths: [/x]}}]}]}", " [] [Service shop/cart] at [80] let in by shop/q"},
		{"for a path, beside one that lets anybody in to another", "action: DENY, rules: [{to: [{operation: {paths: ['/admin*']}}]}]", "", svc + "\nAuthorizationPolicy shop/q: {rules: [{to: [{operation: {paths: ['/public*']}}]}]}", "-"},
		{"for a path, beside one that lets anybody in below it", "action: DENY, rules: [{to: [{operation: {paths: ['/admin*']}}]}]", "", svc + "\nAuthorizationPolicy shop/q: {rules: [{to: [{operation: {paths: ['*/x']}}]}]}", " [] [Service shop/cart] for [paths /admin*] let in by shop/q"},
		{"the policy of a Service", target, "", svc, " [Service cart] [Service shop/cart]"},
		{"the Service is gone", target, "", "", " [Service cart] []"},
		{"a policy for all pods is not for waypoints", target, "", svc + "\nAuthorizationPolicy shop/q: {}", " [Service cart] [Service shop/cart]"},
		{"another policy has the target", target, "", svc + "\nAuthorizationPolicy shop/q: {" + target + "}", "-"},
		{"another target", target, "targetRefs: [{group: '', kind: Service, name: till}]", svc, " [Service cart] [Service shop/cart]"},
		{"a dry run for the target", target, "metadata: {annotations: {istio.io/dry-run: 'true'}}, " + target, svc, " [Service cart] [Service shop/cart] still selected"},
		{"an ingress gateway's clients have no identity", front, "", ingress, "-"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := snapshot(t, "AuthorizationPolicy shop/p: {"+c.old+"}", c.beside)
			ref := Ref{KindAuthorizationPolicy, "shop", "p"}
			after, object := before.Without(ref), (*Object)(nil)
			if c.now != "" {
				object = objects(t, "AuthorizationPolicy shop/p: {"+c.now+"}")[0]
				after = before.With(object)
			}
			equal(t, c.name, openedText(opened(t, before, after, ref, object)), c.want)
		})
	}
}

// opened is Opened where it has the time that it takes.
func opened(t testing.TB, before, after *Snapshot, ref Ref, object *Object) *OpenedWorkloads {
	t.Helper()
	opened, err := Opened(t.Context(), before, after, ref, object)
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func openedText(o *OpenedWorkloads) string {
	if o == nil {
		return "-"
	}
	text := strings.Join([]string{labelsText(o.Selector), fmt.Sprint(o.Targets), fmt.Sprint(o.ReachedBy)}, " ")
	if len(o.Ports) > 0 {
		text += fmt.Sprint(" at ", o.Ports)
	}
	if len(o.Requests) > 0 {
		text += fmt.Sprint(" for ", o.Requests)
	}
	if o.LetInBy != nil {
		text += " let in by " + o.LetInBy.Namespace + "/" + o.LetInBy.Name
	}
	if o.StillSelected {
		text += " still selected"
	}
	return text
}

// A policy of the root namespace is for the pods of every namespace.
func TestOpenedByTheRootNamespace(t *testing.T) {
	before := snapshot(t, "AuthorizationPolicy istio-system/p: {}", "Service till/g: {selector: {app: g}, ports: [{port: 80}]}")
	ref := Ref{KindAuthorizationPolicy, "istio-system", "p"}
	equal(t, "root", openedText(opened(t, before, before.Without(ref), ref, nil)), " [] [Service till/g]")
	if opened(t, before, before, Ref{KindService, "till", "g"}, nil) != nil {
		t.Error("something other than an AuthorizationPolicy opens workloads")
	}
}

// A Service whose pods have a policy of their own is not opened, and is not told as if it were.
func TestOpenedNamesNoServiceWithAPolicyOfItsOwn(t *testing.T) {
	ref := Ref{KindAuthorizationPolicy, "shop", "p"}
	given := []string{
		"AuthorizationPolicy shop/p: {}",
		"Service shop/a: {selector: {app: a}, ports: [{port: 80}]}",
		"Service shop/b: {selector: {app: b}, ports: [{port: 80}]}",
		"AuthorizationPolicy shop/a: {selector: {matchLabels: {app: a}}}",
	}
	for name, c := range map[string]struct{ own, want string }{
		"all have one":                    {"AuthorizationPolicy shop/b: {selector: {matchLabels: {app: b}}}", " [] []"},
		"one has none":                    {"AuthorizationPolicy shop/b: {selector: {matchLabels: {app: a}}}", " [] [Service shop/b]"},
		"of some pods":                    {"AuthorizationPolicy shop/b: {selector: {matchLabels: {app: b, version: v1}}}", " [] [Service shop/b]"},
		"at a waypoint":                   {"AuthorizationPolicy shop/b: {targetRefs: [{kind: Service, name: b}]}", " [] [Service shop/b]"},
		"that keeps nobody out":           {"AuthorizationPolicy shop/b: {selector: {matchLabels: {app: b}}, action: AUDIT, rules: [{}]}", " [] [Service shop/b]"},
		"of the root namespace for those": {"AuthorizationPolicy istio-system/b: {selector: {matchLabels: {app: b}}}", " [] []"},
	} {
		t.Run(name, func(t *testing.T) {
			before := snapshot(t, append(given, c.own)...)
			opened := opened(t, before, before.Without(ref), ref, nil)
			equal(t, "opened", openedText(opened), c.want)
			if opened == nil || !opened.OthersGuarded {
				t.Errorf("opened: %+v, want others guarded", opened)
			}
		})
	}
}

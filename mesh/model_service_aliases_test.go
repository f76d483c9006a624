package mesh

import (
	"slices"
	"testing"
)

// The server names that a Service of type ExternalName adds to the chain of the host for which it stands, as Istio cuts them.
func TestNamesOfAlias(t *testing.T) {
	s := snapshot(t)
	for _, tt := range []struct{ alias, client, want string }{
		{"cart.shop.svc.cluster.local", "shop", "[cart.shop.svc.cluster.local cart.shop.svc.cluster.local. cart cart.shop cart.shop.svc]"},
		{"cart.shop.svc.cluster.local", "other", "[cart.shop.svc.cluster.local cart.shop.svc.cluster.local. cart.shop cart.shop.svc]"},
		{"cart.shop.svc.cluster.local", AnyNamespace, "[cart.shop.svc.cluster.local cart.shop.svc.cluster.local. cart.shop cart.shop.svc]"},
		{"cart.svc.svc.cluster.local", "svc", "[cart.svc.svc.cluster.local cart.svc.svc.cluster.local.]"},
		{"svc.shop.svc.cluster.local", "shop", "[svc.shop.svc.cluster.local svc.shop.svc.cluster.local. svc svc.shop svc.shop.svc]"},
	} {
		equal(t, tt.alias+" for clients in "+tt.client, s.settings.namesOfAlias(tt.alias, tt.client), tt.want)
	}
}

func TestAliasesNamed(t *testing.T) {
	s := snapshot(t, `{Service shop/cart: {externalName: a.com}, Service bank/cart: {externalName: a.com}, Service shop/plain: {ports: [{port: 80}]}, Service svc/cart: {externalName: a.com}}`)
	for name, want := range map[string]string{
		"cart":                         "[cart.bank.svc.cluster.local cart.shop.svc.cluster.local]",
		"cart.shop":                    "[cart.shop.svc.cluster.local]",
		"Cart.Shop.svc":                "[cart.shop.svc.cluster.local]",
		"cart.shop.svc.cluster.local":  "[cart.shop.svc.cluster.local]",
		"cart.shop.svc.cluster.local.": "[cart.shop.svc.cluster.local]",
		"cart.shop.":                   "[]",
		"cart.svc":                     "[]",
		"cart.svc.svc.cluster.local.":  "[cart.svc.svc.cluster.local]",
		"plain":                        "[]",
		"plain.shop":                   "[]",
		"car":                          "[]",
		"":                             "[]",
	} {
		equal(t, "aliases named "+name, s.aliasesNamed(name), want)
	}
}

// An alias of an alias stands for the last host; those that lead back stand for none.
func TestAliasTarget(t *testing.T) {
	s := snapshot(t, `{Service a/x: {externalName: y.a.svc.cluster.local}, Service a/y: {externalName: a.com}, Service a/dot: {externalName: a.com.},
		Service a/l: {externalName: m.a.svc.cluster.local}, Service a/m: {externalName: l.a.svc.cluster.local}, Service a/self: {externalName: self.a.svc.cluster.local}}`)
	for host, want := range map[string]string{
		"x.a.svc.cluster.local": "a.com", "y.a.svc.cluster.local": "a.com", "dot.a.svc.cluster.local": "a.com.", "l.a.svc.cluster.local": "", "self.a.svc.cluster.local": "", "a.com": "",
	} {
		equal(t, "what "+host+" stands for", s.aliasTarget(host), want)
	}
	aliases := s.aliasesOf("a.com")
	slices.Sort(aliases)
	equal(t, "aliases through others", aliases, "[x.a.svc.cluster.local y.a.svc.cluster.local]")
	equal(t, "aliases of one", s.aliasesOf("y.a.svc.cluster.local"), "[]")
	equal(t, "aliases in a circle", s.aliasesOf("l.a.svc.cluster.local"), "[]")
}

// A Sidecar that names a host has its aliases by the same hosts.
func TestImportsAlias(t *testing.T) {
	svc := &service{host: "a.com", namespace: "shop"}
	for _, tt := range []struct {
		hosts []string
		want  bool
	}{
		{[]string{"*/*"}, true},
		{[]string{"shop/a.com"}, false},
		{[]string{"shop/a.com", "*/*"}, false},
		{[]string{"shop/a.com", "shop/*.cluster.local"}, true},
		{[]string{"other/a.com", "*/*"}, true},
		{[]string{"*/*", "~*/x.b.svc.cluster.local"}, true},
		{[]string{"./*"}, false},
	} {
		equal(t, "imported by the hosts", (egressListener{hosts: tt.hosts}).importsAlias("x.b.svc.cluster.local", svc, "team"), map[bool]string{true: "true", false: "false"}[tt.want])
	}
}

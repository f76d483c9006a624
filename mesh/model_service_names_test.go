package mesh

import (
	"strings"
	"testing"
)

func TestServicesNamed(t *testing.T) {
	s := snapshot(t, `
		Service shop/cart: {clusterIP: 10.0.0.5, ports: [{name: http, port: 80}]}
		Service bank/cart: {clusterIP: 10.0.0.6, ports: [{name: http, port: 80}]}
		Service shop/db: {clusterIP: None, ports: [{name: tcp, port: 5432}]}
		Service shop/old: {type: ExternalName, externalName: old.example, ports: [{name: http, port: 80}]}
		ServiceEntry shop/api: {hosts: [api.example, '*.example'], ports: [{number: 80, name: http, protocol: HTTP}]}
		ServiceEntry shop/web: {hosts: [web.shop.svc.cluster.local], ports: [{number: 80, name: http, protocol: HTTP}]}`)
	for name, want := range map[string]string{
		"cart":                         "cart.bank.svc.cluster.local cart.shop.svc.cluster.local",
		"cart.shop":                    "cart.shop.svc.cluster.local",
		"Cart.Shop.svc":                "cart.shop.svc.cluster.local",
		"cart.shop.svc.cluster.local.": "cart.shop.svc.cluster.local",
		"cart.shop.svc.cluster.local":  "",
		"cart.shop.svc.cluster":        "",
		"x.cart.shop":                  "",
		"cart.":                        "",
		"db-0.db.shop":                 "db.shop.svc.cluster.local",
		"*.db.shop.svc.cluster.local":  "db.shop.svc.cluster.local",
		"api.example.":                 "api.example",
		"www.example.":                 "",
		"old.shop":                     "",
		"web.shop":                     "",
		"":                             "",
	} {
		if have := strings.Join(s.servicesNamed(name), " "); have != want {
			t.Errorf("%s is a name of %q, want %q", name, have, want)
		}
	}
	if s.settings.isNameFor("cart", "cart.shop.svc.cluster.local", "bank") || !s.settings.isNameFor("cart.shop", "cart.shop.svc.cluster.local", "bank") {
		t.Error("a name without a dot is for its own namespace alone")
	}
}

func TestShortNames(t *testing.T) {
	s := snapshot(t, `
		ServiceEntry shop/a: {hosts: [known.shop], ports: [{number: 80, name: http, protocol: HTTP}]}`)
	for host, want := range map[string]string{
		"cart.shop.svc.cluster.local":             "cart.shop cart.shop.svc",
		"cart.shop.svc.x.svc.cluster.local":       "cart.shop cart.shop.svc",
		"api.example.com.svc.cluster.local":       "api.example.com api.example.com.svc",
		"*.example.com.svc.cluster.local":         "*.example.com *.example.com.svc",
		"known.shop.svc.cluster.local":            "known.shop.svc",
		"cart.svc.cluster.local":                  "",
		"cart.shop.svc.cluster.local.example.com": "",
		"api.example.com":                         "",
	} {
		equal(t, host, strings.Join(s.shortNames(host), " "), want)
	}
}

func TestIsForServices(t *testing.T) {
	s := Settings{ClusterDomain: "cluster.local"}
	for host, want := range map[string]bool{
		"*.bank.svc.cluster.local": true, "*.svc.cluster.local": true, "*.cluster.local": true, "*.local": true,
		"*": false, "pay.bank.svc.cluster.local": false, "*.example.com": false, "*.xsvc.cluster.local": false,
	} {
		if got := s.isForServices(host); got != want {
			t.Errorf("%s: %t, want %t", host, got, want)
		}
	}
}

package mesh

import "testing"

func TestSearchedAs(t *testing.T) {
	s := snapshot(t, `ServiceEntry egress/api: {hosts: [api.example.com, "*.bank.example"]}`, `Service bank/pay: {ports: [{port: 80}]}`)
	for _, c := range []struct{ taker, known, namespace, want string }{
		{"api.example.com.shop.svc.cluster.local", "api.example.com", "shop", "api.example.com"},
		{"api.example.com.shop.svc.cluster.local", "api.example.com", "web", ""},
		{"API.example.com.shop.svc.cluster.local", "api.example.com", "shop", "api.example.com"},
		{"api.example.com.svc.cluster.local", "api.example.com", "shop", "api.example.com"},
		{"api.example.com.cluster.local", "api.example.com", "shop", "api.example.com"},
		{"x.bank.example.shop.svc.cluster.local", "*.bank.example", "shop", "*.bank.example"},
		{"*.example.com.shop.svc.cluster.local", "api.example.com", "shop", "api.example.com"},
		{"*.cluster.local", "api.example.com", "shop", "api.example.com"},
		{"*.local", "api.example.com", "shop", "api.example.com"},
		{"*.web.svc.cluster.local", "api.example.com", "shop", ""},
		{"pay.bank.shop.svc.cluster.local", "pay.bank.svc.cluster.local", "shop", "pay.bank"},
		{"pay.bank.svc.shop.svc.cluster.local", "pay.bank.svc.cluster.local", "shop", "pay.bank.svc"},
		{"pay.bank.svc.cluster.local", "pay.bank.svc.cluster.local", "bank", ""},
		{"pay.shop.svc.cluster.local", "pay.bank.svc.cluster.local", "shop", ""},
		{"api.example.org", "api.example.com", "shop", ""},
	} {
		victim := s.services.At(c.known)[0]
		if name, ok := s.settings.searchedAs(c.taker, victim, c.namespace); name != c.want || ok != (c.want != "") {
			t.Errorf("%s for clients of %s in %s: %q, want %q", c.taker, c.known, c.namespace, name, c.want)
		}
	}
}

func TestIsSearched(t *testing.T) {
	s := snapshot(t, `Namespace shop: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}`, `Service shop/db: {ports: [{port: 80}], clusterIP: None}`)
	for name, want := range map[string]bool{
		"partner.example.shop.svc.cluster.local": true,
		"db-0.db.shop.svc.cluster.local":         false,
		"db.shop.svc.cluster.local":              false,
		"partner.example.web.svc.cluster.local":  false, // of sidecars
		"*.shop.svc.cluster.local":               true,
		"*.web.svc.cluster.local":                false,
		"*.db.shop.svc.cluster.local":            false,
		"*.svc.cluster.local":                    true,
		"*.cluster.local":                        true,
		"db.cluster.local":                       false,
	} {
		if s.isSearched(name) != want {
			t.Errorf("%s: want %v", name, want)
		}
	}
}

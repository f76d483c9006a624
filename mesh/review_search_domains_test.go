package mesh

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

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
	s.settings.DNSCapture = true
	if !s.isSearched("partner.example.web.svc.cluster.local") {
		t.Error("sidecars that capture DNS answer, too")
	}
}

// Whatever a host answers for by a search domain, the index knows it for.
func TestSearchIndexLeavesNobodyOut(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	pick := func(texts ...string) string { return texts[random.IntN(len(texts))] }
	name := func() string {
		return pick("*.", "*", "", "a.", "A.", "a.b.") + pick("a", "b", "bank") + pick("", ".bank", ".shop", ".a") + pick("", ".example", ".com")
	}
	settings, answered, passed := DefaultSettings(), 0, 0
	for range 20_000 {
		taker := &addressReview{own: &service{host: name() + pick("", ".shop", ".a", ".bank") + pick("", ".svc") + pick(".cluster.local", ".local")}}
		if random.IntN(20) == 0 {
			taker.own.host = pick("*.local", "*.cluster.local", "*.svc.cluster.local", "*.shop.svc.cluster.local", "*")
		}
		namespace := pick("shop", "a", "bank")
		victim := &service{host: name(), namespace: namespace}
		if random.IntN(3) == 0 {
			victim = &service{host: pick("a", "b") + ".bank.svc.cluster.local", namespace: "bank", kubernetes: true}
		}
		may := slices.Contains(settings.newSearchIndex([]*addressReview{taker}).mayAnswer(victim), 0)
		if _, does := settings.searchedAs(taker.own.host, victim, namespace); does {
			answered++
			if !may {
				t.Fatalf("%s answers for %s in %s", taker.own.host, victim.host, namespace)
			}
		} else if !may && !strings.HasPrefix(taker.own.host, "*") {
			passed++
		}
	}
	if answered < 100 || passed < 100 {
		t.Errorf("%d are answered, %d are passed by", answered, passed)
	}
}

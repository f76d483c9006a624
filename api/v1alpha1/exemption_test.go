package v1alpha1

import (
	"testing"
	"time"
)

func TestExemptionCoversHost(t *testing.T) {
	for _, c := range []struct {
		name  string
		hosts []string
		host  string
		want  bool
	}{
		{"without hosts", nil, "db.example.com", true},
		{"every host", []string{"*"}, "db.example.com", true},
		{"none at all", []string{"*"}, "", false},
		{"itself", []string{"db.example.com"}, "db.example.com", true},
		{"in another case", []string{"DB.example.com"}, "db.Example.com", true},
		{"not what is below it", []string{"example.com"}, "db.example.com", false},
		{"below a wildcard", []string{"*.example.com"}, "eu.db.example.com", true},
		{"a wildcard below a wildcard", []string{"*.example.com"}, "*.db.example.com", true},
		{"the wildcard itself", []string{"*.example.com"}, "*.example.com", true},
		{"not the domain of a wildcard", []string{"*.example.com"}, "example.com", false},
		{"not a name that ends alike", []string{"*.example.com"}, "badexample.com", false},
		{"one of several", []string{"a.example.com", "b.example.com"}, "b.example.com", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if have := (Exemption{Hosts: c.hosts}).CoversHost(c.host); have != c.want {
				t.Errorf("%q covers %q: %t, want %t", c.hosts, c.host, have, c.want)
			}
		})
	}
}

func TestExemptionAppliesIn(t *testing.T) {
	noon := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name       string
		namespaces []string
		expires    time.Time
		want       bool
	}{
		{"in all namespaces", nil, noon.AddDate(0, 0, 30), true},
		{"in its own", []string{"web", "shop"}, noon.AddDate(0, 0, 30), true},
		{"not in others", []string{"web"}, noon.AddDate(0, 0, 30), false},
		{"not when it is over", nil, noon.AddDate(0, 0, -2), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := Exemption{Namespaces: c.namespaces, Expires: Date{c.expires}}
			if have := x.AppliesIn("shop", noon); have != c.want {
				t.Errorf("applies: %t, want %t", have, c.want)
			}
		})
	}
}

package host

import "testing"

func TestDomain(t *testing.T) {
	for name, want := range map[string]string{
		"edition.cnn.com":         "cnn.com",
		"cnn.com":                 "cnn.com",
		"*.cnn.com":               "cnn.com",
		"api.eu.partner.co.uk":    "partner.co.uk",
		"*.partner.co.uk":         "partner.co.uk",
		"partner.co.uk":           "partner.co.uk",
		"*.co.uk":                 "co.uk",
		"com":                     "com",
		"bucket.s3.amazonaws.com": "amazonaws.com",
		"s3.amazonaws.com":        "amazonaws.com",
		"alice.github.io":         "github.io",
		"github.io":               "github.io",
		"api.partner.example":     "partner.example",
		"a.db.internal":           "db.internal",
		"www.ck":                  "www.ck",
		"a.b.test.ck":             "b.test.ck",
		"localhost":               "localhost",
		"*":                       "",
		"":                        "",
		".":                       "",
		"..":                      ".",
	} {
		if have := Domain(name); have != want {
			t.Errorf("Domain(%q) = %q, want %q", name, have, want)
		}
	}
}

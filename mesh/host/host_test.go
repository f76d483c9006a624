package host

import "testing"

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		pattern, name   string
		covers, matches bool
	}{
		{"a.example.com", "a.example.com", true, true},
		{"a.example.com", "A.example.com", false, false},
		{"a.example.com", "b.example.com", false, false},
		{"*.example.com", "a.example.com", true, true},
		{"*.example.com", "A.example.com", true, true},
		{"*.example.com", "a.Example.com", false, false},
		{"*.example.com", "example.com", false, false},
		{"*.example.com", "a.b.example.com", true, true},
		{"*.example.com", "*.example.com", true, true},
		{"*.example.com", "*.b.example.com", true, true},
		{"*.b.example.com", "*.example.com", false, true},
		{"*.a.example.com", "*.b.example.com", false, false},
		{"*-api.example.com", "x-api.example.com", true, true},
		{"*.example.com", "*-api.example.com", true, true},
		{"*", "anything", true, true},
		{"*", "*", true, true},
		{"*", "", true, true},
		{"*.example.com", "*", false, true},
		{"a.example.com", "*.example.com", false, true},
		{"", "", true, true},
	} {
		if have := Covers(c.pattern, c.name); have != c.covers {
			t.Errorf("Covers(%q, %q) = %t, want %t", c.pattern, c.name, have, c.covers)
		}
		if have := Matches(c.pattern, c.name); have != c.matches {
			t.Errorf("Matches(%q, %q) = %t, want %t", c.pattern, c.name, have, c.matches)
		}
		if have := Matches(c.name, c.pattern); have != c.matches {
			t.Errorf("Matches(%q, %q) = %t, want %t", c.name, c.pattern, have, c.matches)
		}
	}
}

func TestAnyCovers(t *testing.T) {
	hosts := []string{"*.Example.com", "api.example.org"}
	for name, want := range map[string]bool{
		"a.example.com": true, "A.EXAMPLE.COM": true, "API.example.org": true, "example.com": false, "b.example.org": false,
	} {
		if have := AnyCovers(hosts, name); have != want {
			t.Errorf("AnyCovers(%q, %q) = %t, want %t", hosts, name, have, want)
		}
	}
	if AnyCovers(nil, "a.example.com") {
		t.Error("no host covers a name")
	}
}

func TestIsWildcard(t *testing.T) {
	for name, want := range map[string]bool{"*": true, "*.example.com": true, "*-api.example.com": true, "a.*.com": false, "": false} {
		if have := IsWildcard(name); have != want {
			t.Errorf("IsWildcard(%q) = %t, want %t", name, have, want)
		}
	}
}

func TestReversed(t *testing.T) {
	for name, want := range map[string]string{"": "", "a": "a", "api.com": "moc.ipa"} {
		if have := Reversed(name); have != want {
			t.Errorf("Reversed(%q) = %q, want %q", name, have, want)
		}
	}
}

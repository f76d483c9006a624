package explain

import "testing"

func TestParseTarget(t *testing.T) {
	tests := []struct {
		text string
		want Target
		err  string
	}{
		{text: "a.example", want: Target{Host: "a.example"}},
		{text: "a.example:80", want: Target{Host: "a.example", Port: 80}},
		{text: "a.example:65535", want: Target{Host: "a.example", Port: 65535}},
		{text: "*.example:443", want: Target{Host: "*.example", Port: 443}},
		{text: "2001:db8::1", want: Target{Host: "2001:db8::1"}},
		{text: "[2001:db8::1]:80", want: Target{Host: "2001:db8::1", Port: 80}},
		{text: "", err: "want HOST or HOST:PORT, have nothing"},
		{text: ":80", err: `want HOST or HOST:PORT, have ":80"`},
		{text: "[2001:db8::1]", err: `want HOST or HOST:PORT, have "[2001:db8::1]"`},
		{text: "a.example:", err: `"a.example:": want a port from 1 to 65535`},
		{text: "a.example:0", err: `"a.example:0": want a port from 1 to 65535`},
		{text: "a.example:65536", err: `"a.example:65536": want a port from 1 to 65535`},
		{text: "a.example:http", err: `"a.example:http": want a port from 1 to 65535`},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			got, err := ParseTarget(test.text)
			if err != nil && err.Error() != test.err || err == nil && test.err != "" {
				t.Errorf("error %v, want %s", err, test.err)
			}
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

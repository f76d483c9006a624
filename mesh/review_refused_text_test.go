package mesh

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
)

// testdata/envoy-takes.tsv has what Envoy 1.38 (Istio 1.30) and 1.40 said of values of headers and of regular expressions in routes, with
// Istio's limit of a program's size: the kind, both answers, how often the text is repeated, and the text. Whatever Envoy refuses is
// refused; more of that is "stricter" in place of "taken", where only something unheard of is.
func TestRefusesWhatEnvoyDoes(t *testing.T) {
	raw, err := os.ReadFile("testdata/envoy-takes.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		fields := strings.SplitN(strings.TrimSpace(line), "\t", 5)
		var text string
		if err := json.Unmarshal([]byte(fields[4]), &text); err != nil {
			t.Fatal(line, err)
		}
		times, err := strconv.Atoi(fields[3])
		if err != nil {
			t.Fatal(line, err)
		}
		text = strings.Repeat(text, times)
		for i, version := range []Version{Version130, Version131} {
			refused := (&patternCheck{version: version}).refuses(text) != ""
			if fields[0] == "header" {
				refused = (&headerFormat{version: version}).refuses(text) != ""
			}
			if want := fields[1+i]; refused != (want != "taken") {
				t.Errorf("%s, %s %.60q: refused is %v, Envoy says %s", version, fields[0], text, refused, want)
			}
		}
	}
}

func TestPatternsCostNoMoreThanTheirSize(t *testing.T) {
	c := patternCheck{version: Version131}
	refused := 0
	for range 1000 {
		if c.refuses(`(?i)[\x{1}-\x{1E900}]`) != "" {
			refused++
		}
	}
	if refused < 900 {
		t.Errorf("only %d of 1000 patterns with both cases of all letters are refused", refused)
	}
	c = patternCheck{version: Version131}
	for range 1000 {
		for _, pattern := range []string{
			`^/api/v[0-9]+/(users|orders)/[^/]+$`, `^/v1/(?:users|teams)/[^/]+/(?P<item>[^/]+)$`, `(?i)^/users/[^/]+$`,
		} {
			if why := c.refuses(pattern); why != "" {
				t.Fatal(pattern, why)
			}
		}
	}
}

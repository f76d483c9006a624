package main

import (
	"regexp"
	"strings"
	"testing"
)

var console = regexp.MustCompile("(?ms)^```console\n(.*?)^```$")

// TestReadmeShowsWhatTheProgramPrints runs the commands that the README shows. What stands below one must be in what
// it prints, line by line in this order; "..." stands for anything.
func TestReadmeShowsWhatTheProgramPrints(t *testing.T) {
	t.Chdir("../..")
	blocks := console.FindAllStringSubmatch(read(t, "README.md"), -1)
	if len(blocks) == 0 {
		t.Fatal("the README shows no command")
	}
	for _, block := range blocks {
		lines := strings.Split(strings.TrimSuffix(block[1], "\n"), "\n")
		command, ok := strings.CutPrefix(lines[0], "$ tlsward ")
		if !ok {
			t.Fatalf("%q is no tlsward command", lines[0])
		}
		got := tlsward(t, "", strings.Fields(command)...)
		rest := strings.Split(got.stdout, "\n")
		for _, want := range lines[1:] {
			if want == "..." {
				continue
			}
			for len(rest) > 0 && rest[0] != want {
				rest = rest[1:]
			}
			if len(rest) == 0 {
				t.Fatalf("%s\ndoes not print (in this order) %q\nbut\n%s", lines[0], want, got.stdout)
			}
			rest = rest[1:]
		}
	}
}

package fixes

import (
	"regexp"
	"slices"
	"strings"
)

// introductions are the comments in the built-in policies' fixes that say no more than to apply what is below them, all of it
// and in any order, or why. %s stands for names. Every other comment names a condition, another way or something that
// is in no object, and so is one for a person.
var introductions = []string{
	"%s needs this TLS, and gets a rule of its own:",
	"A rule for this host alone: the one that decides is for other hosts too.",
	"Each of the other hosts needs one like it.",
	"Apply both. The server asks for mutual TLS:",
	"As it was, so that %s does not come before this rule.",
	"Before this %s, which is admitted then:",
	"By its name, which Istio does not merge into a rule for some pods as it does a dot.",
	"For clients of its own namespace alone.",
	"Let it enforce what it did:",
	"Put the TLS into %s, which Istio keeps.",
	"TLS needs a port of the server that speaks it:",
	"The application encrypts on this port, so that nothing is lost:",
	"Then this one leaves the port to the application:",
	"and the clients start it:",
}

// ofAnyPolicy are introductions for whoever writes a policy (docs/writing-policies.md): its own words would be taken for a condition.
var ofAnyPolicy = []string{
	"Apply this:",
	"Apply both:",
	"Apply all of it:",
}

var introduction = introductionPattern()

func introductionPattern() *regexp.Regexp {
	text := regexp.QuoteMeta(strings.Join(slices.Concat(introductions, ofAnyPolicy), "\n"))
	text = strings.NewReplacer("%s", "[^,;:]+", "\n", "|").Replace(text)
	return regexp.MustCompile("^(" + text + ")$")
}

// Comments returns the comments of a fix in one line, "" for none.
func Comments(fix string) string { return strings.Join(comments(fix), " ") }

// AsksForMore reports whether a rendered fix may ask for something beside applying its objects, or be right only on a
// condition: whether it has a comment that is not known to say no more than that.
func AsksForMore(fix string) bool {
	for _, comment := range comments(fix) {
		if !introduction.MatchString(comment) {
			return true
		}
	}
	return false
}

func comments(fix string) (list []string) {
	for line := range strings.Lines(fix) {
		if comment, ok := strings.CutPrefix(strings.TrimSpace(line), "#"); ok {
			list = append(list, strings.TrimSpace(comment))
		}
	}
	return list
}

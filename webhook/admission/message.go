package admission

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/policies"
)

// Limits on what a person is shown. The API server cuts warnings at 256 characters each once all of them together
// pass 4096; a denial of 10,000 ports would be read by nobody.
const (
	maxWarning  = 256
	maxWarnings = 4096
	maxReasons  = 20
	// MaxDenial bounds the text of a refusal, in bytes.
	MaxDenial = 16 << 10
)

// DenialMessage says why a review is refused: every denying violation with what decided it and what mends it. It
// begins with the object, since the API server puts the webhook's name before it. Reasons that one change mends are
// told together. It ends with the write in flight that the decision depends on, where there is one.
func DenialMessage(object string, d Decision) string {
	message := reasons(object, d.Violations)
	if d.Unconfirmed != "" {
		message += "\n\n" + d.Unconfirmed
	}
	return message
}

func reasons(object string, violations []policies.Violation) string {
	var b strings.Builder
	denials := MergeClients(withAction(violations, v1alpha1.Deny))
	fmt.Fprintf(&b, "%s is refused", object)
	if len(denials) > 1 {
		fmt.Fprintf(&b, " for %d reasons", len(denials))
	}
	b.WriteString(":")
	told := 0
	for _, group := range groups(denials) {
		if told >= maxReasons || b.Len() > MaxDenial {
			fmt.Fprintf(&b, "\n\n... and %d more", len(denials)-told)
			break
		}
		writeReasons(&b, group)
		told += len(group)
	}
	return Clip(b.String(), MaxDenial+MaxDenial/2)
}

// groups puts violations that one change mends together or, where they have no fix, those with the same policy and cause,
// in the order of the first of each.
func groups(violations []policies.Violation) [][]policies.Violation {
	type key struct{ policy, decidedBy, fix string }
	index := map[key]int{}
	var out [][]policies.Violation
	for _, v := range violations {
		k := key{fix: v.Fix}
		if v.Fix == "" {
			k = key{policy: v.Policy, decidedBy: v.DecidedBy}
		}
		i, ok := index[k]
		if !ok {
			i = len(out)
			index[k] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], v)
	}
	return out
}

// writeReasons writes violations that one change mends. What decided is told once for those that follow each other.
func writeReasons(b *strings.Builder, group []policies.Violation) {
	b.WriteString("\n")
	for i, v := range group {
		if i == maxReasons {
			fmt.Fprintf(b, "\n[%s] ... and %d more like these", v.Policy, len(group)-i)
			break
		}
		fmt.Fprintf(b, "\n[%s] %s", v.Policy, v.Message)
		if where := flowOf(v); where != "" && !strings.Contains(v.Message, v.Host) {
			fmt.Fprintf(b, " (%s)", where)
		}
		last := i+1 == len(group) || i+1 == maxReasons
		if v.DecidedBy != "" && (last || group[i+1].DecidedBy != v.DecidedBy) {
			b.WriteString("\n  decided by: " + v.DecidedBy)
		}
	}
	if fix := strings.TrimRight(group[0].Fix, "\n"); fix != "" {
		b.WriteString("\n  fix:")
		for line := range strings.Lines(fix) {
			b.WriteString("\n    " + strings.TrimRight(line, "\n"))
		}
	}
}

// flowOf names the flow of a violation, as far as it has one.
func flowOf(v policies.Violation) string {
	where := v.Host
	if v.Host != "" && v.Port != 0 {
		where = fmt.Sprintf("%s:%d", v.Host, v.Port)
	}
	switch {
	case v.Client == "":
		return where
	case where == "":
		return v.Client
	default:
		return v.Client + " to " + where
	}
}

// Warnings returns the lines that kubectl prints for the warning violations: one each, no longer than the API server
// passes on.
func Warnings(violations []policies.Violation) []string {
	var lines []string
	total := 0
	seen := map[string]bool{}
	warnings := MergeClients(withAction(violations, v1alpha1.Warn))
	for i, v := range warnings {
		line := Clip(oneLine(v.Policy+": "+v.Message), maxWarning)
		if seen[line] {
			continue
		}
		seen[line] = true
		// The last line must always find room, and so must the one that counts the rest.
		if total += len(line); total > maxWarnings-maxWarning {
			return append(lines, fmt.Sprintf("tlsward: %d more warnings are left out", len(warnings)-i))
		}
		lines = append(lines, line)
	}
	return lines
}

// AuditAnnotations returns, for the API server's audit log, the audit violations by policy, and as "POLICY.exempt" the
// exemptions that lowered any. Keys get the webhook's name put before them there.
func AuditAnnotations(violations []policies.Violation) map[string]string {
	var notes map[string]string
	note := func(key, text string) {
		if notes == nil {
			notes = map[string]string{}
		}
		text = oneLine(text)
		if before, ok := notes[key]; ok {
			text = before + "; " + text
		}
		notes[key] = Clip(text, maxWarnings)
	}
	told := map[[2]string]bool{}
	for _, v := range violations {
		if v.Action == v1alpha1.Audit {
			note(v.Policy, v.Message)
		}
		if exemption := [2]string{v.Policy, v.Exempt}; v.Exempt != "" && !told[exemption] {
			told[exemption] = true
			note(v.Policy+".exempt", v.Exempt)
		}
	}
	return notes
}

func withAction(violations []policies.Violation, action v1alpha1.Action) []policies.Violation {
	var out []policies.Violation
	for _, v := range violations {
		if v.Action == action {
			out = append(out, v)
		}
	}
	return out
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// Clip shortens s to at most limit bytes, never inside a character.
func Clip(s string, limit int) string {
	const ellipsis = "..."
	if len(s) <= limit {
		return s
	}
	cut := limit - len(ellipsis)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + ellipsis
}

// PoliciesThat returns the policies whose violations have an action, each once, in order.
func PoliciesThat(act v1alpha1.Action, violations []policies.Violation) []string {
	var ids []string
	for _, v := range withAction(violations, act) {
		ids = append(ids, v.Policy)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

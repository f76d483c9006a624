package mesh

import (
	"fmt"
	"strings"
	"testing"
)

// changed returns the mesh before and after a change: an object in short manifests, "delete Kind namespace/name", or
// "delete Kind name" for what has no namespace.
func changed(t testing.TB, before, change string) (old, next *Snapshot, object Ref) {
	t.Helper()
	old = snapshot(t, before)
	if title, deleted := strings.CutPrefix(change, "delete "); deleted {
		for o := range old.Objects() {
			switch title {
			case KindNamespace + " " + o.Name:
				return old, old.WithoutNamespace(o.Name), o.Ref
			case o.Kind + " " + o.Namespace + "/" + o.Name, o.Ref.String():
				return old, old.Without(o.Ref), o.Ref
			}
		}
		t.Fatalf("there is no %s", title)
	}
	list := objects(t, change)
	if len(list) != 1 {
		t.Fatalf("%d objects under review", len(list))
	}
	return old, old.With(list[0]), list[0].Ref
}

// reviewed returns the flows of a change, one a line.
func reviewed(t testing.TB, before, change string) string {
	t.Helper()
	old, next, object := changed(t, before, change)
	return flowLines(mustReview(t, old, next, object, nil))
}

// mustReview returns the flows of a review that must be decided.
func mustReview(t testing.TB, before, after *Snapshot, object Ref, lists HostLists) []Flow {
	t.Helper()
	flows, err := Review(t.Context(), before, after, object, lists)
	if err != nil {
		t.Fatal(err)
	}
	return flows
}

func flowLines(flows []Flow) string {
	lines := make([]string, 0, len(flows))
	for _, f := range flows {
		lines = append(lines, flowLine(f))
	}
	return strings.Join(lines, "\n")
}

// flowLine returns a flow on one line: the client, the host and port, the verdict with its cause and the mode of the TLS, the
// verdict before, and what else the flow says. "decided" is DecidedByObject.
func flowLine(f Flow) string {
	line := fmt.Sprintf("%s %s:%d", f.Client, f.Host, f.Port)
	if f.Subset != "" {
		line += "/" + f.Subset
	}
	fields := []string{line, string(f.Verdict)}
	add := func(word string, there bool) {
		if there {
			fields = append(fields, word)
		}
	}
	if f.HopKind == HopGateway {
		fields[0] += " (to gateway)"
	}
	if f.HopKind == HopMesh {
		fields[0] += " (mesh)"
	}
	add(string(f.Cause), f.Cause != CauseNone)
	if len(f.Hops) > 0 {
		add(f.Hops[0].TLS, f.Hops[0].TLS != "")
		add("unverified", f.Hops[0].TLS != "" && !f.Hops[0].Verified)
	}
	add("carrying "+string(f.Payload), f.Payload != f.Family)
	add("was "+string(f.Before), f.Before != "")
	add("was unrouted", f.WasUnrouted)
	add("decided", f.DecidedByObject)
	add("ignored", f.Ignored)
	add("for some", f.IgnoredForSome)
	add("by "+f.Related, f.Related != "")
	add("unused", f.RelatedUnused)
	if f.Server != nil {
		add(fmt.Sprintf("for server %d of %s", f.Server.Index, f.Server.Gateway), true)
	}
	if m := f.MissingServer; m != nil {
		add(fmt.Sprintf("missing server of %s for %s", m.Gateway, strings.Join(m.Hosts, ", ")), true)
		add(fmt.Sprint("selecting ", m.Selector), m.Selector != nil)
	}
	if f.LostTLS != nil {
		add("lost "+f.LostTLS.Field+" to "+f.LostTLS.Successor.String(), true)
	}
	if lost := f.LostVerification; lost != nil {
		add(fmt.Sprintf("lost check of %s of %s", lost.Host, lost.Service), true)
		add("for "+strings.Join(lost.Names, ", "), len(lost.Names) > 0)
		add("by "+lost.Trust, lost.Trust != "")
	}
	add("names of others "+strings.Join(f.NamesOfOthers, ", "), len(f.NamesOfOthers) > 0)
	if by := f.Opened; by != nil {
		add(fmt.Sprintf("opened by %s server %d port %d %s by %s beside %s", by.Gateway, by.Server, by.Port, by.Protocol, by.Route, by.Guarded), true)
		add("its own", by.Owned)
	}
	if f.TakenFromTLS != nil {
		add("taken from TLS by "+f.TakenFromTLS.String(), true)
	}
	add("fallback", f.PortFallback)
	if by := f.TakenBy; by != nil {
		add("taken by "+by.Service.String(), true)
		add("at "+by.Addresses, by.Addresses != "")
		add("possibly", by.Possible)
		add("wide", by.Possible && by.Wide)
		add("inside", by.Possible && by.Internal)
	}
	if to := f.Diverted; to != nil {
		add("diverted to "+to.To+" by "+to.By.String(), true)
		add("at "+to.Addresses, to.Addresses != "")
		add("named "+to.Name, to.Name != "")
	}
	add("asks for "+f.AsksFor, f.AsksFor != "" && f.LostVerification == nil)
	add(fmt.Sprintf("and %d others", f.OtherHosts), f.OtherHosts > 0)
	return strings.Join(fields, " ")
}

// reviewCase is a change and the flows that it has to answer for.
type reviewCase struct{ name, before, change, want string }

// review holds the flows of changes against what is wanted. Lines of want may be indented.
func (c reviewCase) run(t *testing.T) {
	t.Run(c.name, func(t *testing.T) {
		have, want := reviewed(t, c.before, c.change), strings.TrimSpace(strings.ReplaceAll(c.want, "\t", ""))
		if have != want {
			t.Errorf("have\n%s\nwant\n%s", have, want)
		}
	})
}

package policies

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

func day(text string) v1alpha1.Date {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return v1alpha1.Date{Time: t}
}

func TestActionsByPolicyAndNamespace(t *testing.T) {
	refused := review(mesh.Plaintext, mesh.CauseDisabled)
	pending := review(mesh.Plaintext, mesh.CauseNoRule)
	for i := range pending.Egress {
		pending.Egress[i].Rule = nil
	}
	for name, tc := range map[string]struct {
		cfg  v1alpha1.Config
		in   Input
		want string
	}{
		"the default denies":        {v1alpha1.Config{}, refused, "[plaintext-egress plaintext-egress] []"},
		"the default warns":         {v1alpha1.Config{}, pending, "[] [tls-pending tls-pending]"},
		"a warning":                 {with("plaintext-egress", v1alpha1.Warn), refused, "[] [plaintext-egress plaintext-egress]"},
		"an audit":                  {with("plaintext-egress", v1alpha1.Audit), refused, "[] []"},
		"off":                       {with("plaintext-egress", v1alpha1.Off), refused, "[] []"},
		"in this namespace":         {with("plaintext-egress", v1alpha1.Warn, "shop", "default"), refused, "[] [plaintext-egress plaintext-egress]"},
		"in another namespace":      {with("plaintext-egress", v1alpha1.Off, "shop"), refused, "[plaintext-egress plaintext-egress] []"},
		"strict":                    {v1alpha1.Config{Strict: true}, pending, "[tls-pending tls-pending] []"},
		"strict, but named":         {v1alpha1.Config{Strict: true, Policies: with("tls-pending", v1alpha1.Warn).Policies}, pending, "[] [tls-pending tls-pending]"},
		"strict, named for another": {v1alpha1.Config{Strict: true, Policies: with("tls-pending", v1alpha1.Off, "shop").Policies}, pending, "[tls-pending tls-pending] []"},
		"nothing is denied":         {v1alpha1.Config{Enforcement: v1alpha1.Warn}, refused, "[] [plaintext-egress plaintext-egress]"},
		"nothing is denied, not by strict either":    {v1alpha1.Config{Enforcement: v1alpha1.Warn, Strict: true}, pending, "[] [tls-pending tls-pending]"},
		"nothing is denied, not by the policy's own": {capped(v1alpha1.Warn, "tls-pending", v1alpha1.Deny), pending, "[] [tls-pending tls-pending]"},
		"nothing is told":                            {v1alpha1.Config{Enforcement: v1alpha1.Audit}, refused, "[] []"},
		"a ceiling raises nothing":                   {capped(v1alpha1.Deny, "plaintext-egress", v1alpha1.Off), refused, "[] []"},
		"raised above its default":                   {with("tls-pending", v1alpha1.Deny), pending, "[tls-pending tls-pending] []"},
	} {
		e, err := New(t.Context(), &tc.cfg)
		if err != nil {
			t.Fatal(err)
		}
		deny, warn := evaluate(t, e, tc.in)
		if got := fmt.Sprint(deny, warn); got != tc.want {
			t.Errorf("%s: got %s, want %s", name, got, tc.want)
		}
	}
}

// capped is a Config with a ceiling and the action of one policy.
func capped(ceiling v1alpha1.Action, policy string, action v1alpha1.Action) v1alpha1.Config {
	c := with(policy, action)
	c.Enforcement = ceiling
	return c
}

func with(policy string, action v1alpha1.Action, namespaces ...string) v1alpha1.Config {
	return v1alpha1.Config{Policies: map[string]v1alpha1.PolicyConfig{policy: {Action: action, Namespaces: namespaces}}}
}

func TestAnActionOfAPolicyOnlyLowers(t *testing.T) {
	files := Files{"mine.rego": strings.Replace(own("mine", `violation contains {"message": "no", "action": "deny"}`), "action: deny", "action: warn", 1),
		"yours.rego": own("yours", `violation contains {"message": "no", "action": "audit"}`)}
	found, err := engine(t, files).Evaluate(t.Context(), review(mesh.Originated, mesh.CauseNone))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		if want := map[string]v1alpha1.Action{"mine": v1alpha1.Warn, "yours": v1alpha1.Audit}[v.Policy]; v.Action != want {
			t.Errorf("%s: %s, want %s", v.Policy, v.Action, want)
		}
	}
	if len(found) != 2 {
		t.Errorf("%d violations, want 2", len(found))
	}
}

// A policy that warns may deny the worst, if its METADATA says so, and the Config does not say otherwise.
func TestAnActionMayBeRaisedAsFarAsThePolicySays(t *testing.T) {
	source := strings.Replace(own("mine", `violation contains {"message": "no", "action": "deny"}`), "action: deny", "action: warn\n#   strongest: deny", 1)
	for want, cfg := range map[v1alpha1.Action]v1alpha1.Config{v1alpha1.Deny: {}, v1alpha1.Warn: with("mine", v1alpha1.Warn)} {
		e, err := New(t.Context(), &cfg, Files{"mine.rego": source})
		if err != nil {
			t.Fatal(err)
		}
		found, err := e.Evaluate(t.Context(), review(mesh.Originated, mesh.CauseNone))
		if err != nil || len(found) != 1 || found[0].Action != want {
			t.Errorf("found %v (%v), want one to %s", found, err, want)
		}
	}
}

func TestExemptions(t *testing.T) {
	now := time.Date(2026, 6, 10, 12, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		exemption v1alpha1.ExemptionSpec
		want      v1alpha1.Action
	}{
		"everything":        {v1alpha1.ExemptionSpec{Expires: day("2027-01-01")}, v1alpha1.Audit},
		"this host":         {v1alpha1.ExemptionSpec{Hosts: []string{"edition.cnn.com"}, Expires: day("2027-01-01")}, v1alpha1.Audit},
		"a host's wildcard": {v1alpha1.ExemptionSpec{Hosts: []string{"x.org", "*.CNN.com"}, Expires: day("2027-01-01")}, v1alpha1.Audit},
		"another host":      {v1alpha1.ExemptionSpec{Hosts: []string{"cnn.com", "*.edition.cnn.com"}, Expires: day("2027-01-01")}, v1alpha1.Deny},
		"this namespace":    {v1alpha1.ExemptionSpec{Namespaces: []string{"default"}, Expires: day("2027-01-01")}, v1alpha1.Audit},
		"another namespace": {v1alpha1.ExemptionSpec{Namespaces: []string{"shop"}, Expires: day("2027-01-01")}, v1alpha1.Deny},
		"another policy":    {v1alpha1.ExemptionSpec{Policy: "double-tls", Expires: day("2027-01-01")}, v1alpha1.Deny},
		"expired":           {v1alpha1.ExemptionSpec{Expires: day("2026-06-09")}, v1alpha1.Deny},
		"its last day":      {v1alpha1.ExemptionSpec{Expires: day("2026-06-10")}, v1alpha1.Warn},
		"ends in a week":    {v1alpha1.ExemptionSpec{Expires: day("2026-06-17")}, v1alpha1.Warn},
		"ends in a month":   {v1alpha1.ExemptionSpec{Expires: day("2026-07-10")}, v1alpha1.Audit},
	} {
		if tc.exemption.Policy == "" {
			tc.exemption.Policy = "plaintext-egress"
		}
		tc.exemption.Reason = "the partner moves in autumn"
		e, err := New(t.Context(), &v1alpha1.Config{Exemptions: []v1alpha1.ExemptionSpec{tc.exemption}})
		if err != nil {
			t.Fatal(err)
		}
		e.enforcement.now = func() time.Time { return now }
		found, err := e.Evaluate(t.Context(), review(mesh.Plaintext, mesh.CauseDisabled))
		if err != nil || len(found) != 2 {
			t.Fatalf("%s: %d violations and %v, want 2", name, len(found), err)
		}
		v := found[0]
		if v.Action != tc.want {
			t.Errorf("%s: %s, want %s", name, v.Action, tc.want)
		}
		if exempt := strings.HasPrefix(v.Exempt, "exempted until 20") && strings.Contains(v.Exempt, ": the partner moves in autumn"); exempt != (tc.want != v1alpha1.Deny) {
			t.Errorf("%s: exempt is %q", name, v.Exempt)
		}
		if ends := strings.Contains(v.Message, "exempt until "); ends != (tc.want == v1alpha1.Warn) {
			t.Errorf("%s: message is %q", name, v.Message)
		}
	}
}

func TestTheLongestExemptionCounts(t *testing.T) {
	e, err := New(t.Context(), &v1alpha1.Config{Exemptions: []v1alpha1.ExemptionSpec{
		{Policy: "plaintext-egress", Reason: "short", Expires: day("2026-06-11")},
		{Policy: "plaintext-egress", Reason: "long", Expires: day("2027-06-11")},
		{Policy: "plaintext-egress", Reason: "over", Expires: day("2026-06-01")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	e.enforcement.now = func() time.Time { return time.Date(2026, 6, 10, 0, 0, 0, 0, time.UTC) }
	found, err := e.Evaluate(t.Context(), review(mesh.Plaintext, mesh.CauseDisabled))
	if err != nil || found[0].Exempt != "exempted until 2027-06-11: long (not completed: exempt hosts are left as written)" {
		t.Errorf("got %+v, %v", found, err)
	}
}

// Hosts that fare alike are told by one of them: an exemption of that one alone must not pass the others.
func TestAnExemptionOfOneHostSparesNoOther(t *testing.T) {
	in := review(mesh.Plaintext, mesh.CauseDisabled)
	for i := range in.Egress {
		in.Egress[i].OtherHosts = 3
	}
	for pattern, want := range map[string]v1alpha1.Action{"edition.cnn.com": v1alpha1.Deny, "*.cnn.com": v1alpha1.Deny, "*": v1alpha1.Audit} {
		e, err := New(t.Context(), &v1alpha1.Config{Exemptions: []v1alpha1.ExemptionSpec{
			{Policy: "plaintext-egress", Hosts: []string{pattern}, Reason: "x", Expires: day("9000-01-01")},
		}})
		if err != nil {
			t.Fatal(err)
		}
		found, err := e.Evaluate(t.Context(), in)
		if err != nil || found[0].Action != want {
			t.Errorf("%s: got %+v, %v, want %s", pattern, found, err, want)
		}
	}
}

// An exemption is for its own connections, not for what those of others lose.
func TestAnExemptionCoversItsOwnLosses(t *testing.T) {
	lost := func(change func(*mesh.Flow)) Input {
		in := review(mesh.Plaintext, mesh.CauseDisabled)
		in.Egress = slices.DeleteFunc(in.Egress, func(f mesh.Flow) bool { return f.Client.Namespace != mesh.AnyNamespace || f.Port != 80 })
		in.Egress[0].Before = mesh.Originated
		change(&in.Egress[0])
		return in
	}
	service := mesh.Ref{Kind: mesh.KindServiceEntry, Namespace: "data", Name: "api"}
	unchecked := func(f *mesh.Flow) {
		f.Verdict, f.Cause, f.LostVerification = mesh.Originated, "", &mesh.LostVerification{Host: "api.example.com", Service: service, Names: []string{}}
	}
	for name, c := range map[string]struct {
		policy    string
		exemption v1alpha1.ExemptionSpec
		in        Input
		want      v1alpha1.Action
	}{
		"everything":                         {"plaintext-egress", v1alpha1.ExemptionSpec{}, lost(func(*mesh.Flow) {}), v1alpha1.Audit},
		"the writer's namespace":             {"plaintext-egress", v1alpha1.ExemptionSpec{Namespaces: []string{"default"}}, lost(func(*mesh.Flow) {}), v1alpha1.Deny},
		"the client's, too":                  {"plaintext-egress", v1alpha1.ExemptionSpec{Namespaces: []string{"default", "shop"}}, lost(func(f *mesh.Flow) { f.Client.Namespace = "shop" }), v1alpha1.Audit},
		"what would be under TLS":            {"plaintext-egress", v1alpha1.ExemptionSpec{Namespaces: []string{"default"}}, lost(func(f *mesh.Flow) { f.Before, f.TakenFromTLS = mesh.Plaintext, &service }), v1alpha1.Deny},
		"the host":                           {"plaintext-egress", v1alpha1.ExemptionSpec{Hosts: []string{"edition.cnn.com"}}, lost(func(*mesh.Flow) {}), v1alpha1.Audit},
		"not what asks for another host":     {"plaintext-egress", v1alpha1.ExemptionSpec{Hosts: []string{"edition.cnn.com"}}, lost(func(f *mesh.Flow) { f.AsksFor = "api.example.com" }), v1alpha1.Deny},
		"both hosts":                         {"plaintext-egress", v1alpha1.ExemptionSpec{Hosts: []string{"*"}}, lost(func(f *mesh.Flow) { f.AsksFor = "api.example.com" }), v1alpha1.Audit},
		"the check, by the writer":           {"unverified-server", v1alpha1.ExemptionSpec{Namespaces: []string{"default"}}, lost(unchecked), v1alpha1.Deny},
		"the check of another host's":        {"unverified-server", v1alpha1.ExemptionSpec{Hosts: []string{"edition.cnn.com"}}, lost(unchecked), v1alpha1.Deny},
		"the check, by nothing but a reason": {"unverified-server", v1alpha1.ExemptionSpec{}, lost(unchecked), v1alpha1.Audit},
	} {
		c.exemption.Policy, c.exemption.Reason, c.exemption.Expires = c.policy, "x", day("9000-01-01")
		e, err := New(t.Context(), &v1alpha1.Config{Exemptions: []v1alpha1.ExemptionSpec{c.exemption}})
		if err != nil {
			t.Fatal(err)
		}
		found, err := e.Evaluate(t.Context(), c.in)
		i := slices.IndexFunc(found, func(v Violation) bool { return v.Policy == c.policy })
		if err != nil || i < 0 || found[i].Action != c.want {
			t.Errorf("%s: got %+v, %v, want %s", name, found, err, c.want)
		}
	}
}

// Where the mesh has told apart what exemptions tell apart, a flow's other hosts are exempt exactly as its own is.
func TestAnExemptionCoversWhatWasToldApart(t *testing.T) {
	exemptions := []v1alpha1.ExemptionSpec{
		{Policy: "plaintext-egress", Hosts: []string{"*.CNN.com"}, Reason: "x", Expires: day("9000-01-01")},
		{Policy: "double-tls", Hosts: []string{"edition.cnn.com", "a.example.com"}, Reason: "x", Expires: day("9000-01-01")},
		{Policy: "double-tls", Hosts: []string{"*"}, Reason: "x", Expires: day("9000-01-01")},
		{Policy: "double-tls", Namespaces: []string{"shop"}, Hosts: []string{"b.example.com"}, Reason: "x", Expires: day("9000-01-01")},
	}
	e, err := New(t.Context(), &v1alpha1.Config{Exemptions: exemptions})
	if err != nil {
		t.Fatal(err)
	}
	want := mesh.HostLists{{"*.CNN.com"}, {"edition.cnn.com", "a.example.com"}}
	if got := e.ExemptHosts("default"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	want = append(want, []string{"b.example.com"})
	if got := e.ExemptHosts("shop"); !reflect.DeepEqual(got, want) {
		t.Errorf("in a namespace with an exemption of its own: %v, want %v", got, want)
	}
	in := review(mesh.Plaintext, mesh.CauseDisabled)
	in.GroupedByExemption = true
	for i := range in.Egress {
		in.Egress[i].OtherHosts = 3
	}
	found, err := e.Evaluate(t.Context(), in)
	if err != nil || found[0].Action != v1alpha1.Audit {
		t.Errorf("got %+v, %v, want the exemption", found, err)
	}
	if engine(t).ExemptHosts("default") != nil {
		t.Error("hosts are told apart without an exemption")
	}
}

func TestSortedAndTheSameEveryTime(t *testing.T) {
	in := review(mesh.Plaintext, mesh.CauseDisabled)
	opaque := in.Egress[0]
	opaque.Family, opaque.Payload, opaque.Host = mesh.FamilyOpaque, mesh.FamilyOpaque, "db.example.com"
	in.Egress = append([]mesh.Flow{opaque}, in.Egress...)
	e := engine(t)
	want, err := e.Evaluate(t.Context(), in)
	if err != nil || len(want) != 3 || want[0].Client > want[1].Client || want[2].Policy != "opaque-tcp" {
		t.Fatalf("got %+v, %v, want two denials by client, then opaque-tcp", want, err)
	}
	for range 20 {
		got, err := e.Evaluate(t.Context(), in)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
	}
}

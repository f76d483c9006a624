package policies

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/loader"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/mesh/host"
)

// opaQuery is what `opa eval --bundle policies/rego --input FILE --strict-builtin-errors QUERY` evaluates.
func opaQuery(t *testing.T) rego.PreparedEvalQuery {
	t.Helper()
	query, err := rego.New(
		rego.Query(`{id: v | v := data.tlsward[id].violation}`),
		rego.LoadBundle("rego"),
		rego.StrictBuiltinErrors(true),
	).PrepareForEval(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return query
}

// evaluateWithOPA returns the violations that the plain evaluator finds in the input's JSON form.
func evaluateWithOPA(t *testing.T, query rego.PreparedEvalQuery, in Input) []string {
	t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	results, err := query.Eval(t.Context(), rego.EvalInput(document))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for id, list := range results[0].Expressions[0].Value.(map[string]any) {
		for _, item := range list.([]any) {
			v := item.(map[string]any)
			out = append(out, fmt.Sprintf("%s %v %v %v %v %v %v", id, orEmpty(v["message"]), orEmpty(v["host"]), orEmpty(v["port"]),
				orEmpty(v["client"]), orEmpty(v["fix"]), orEmpty(v["decidedBy"])))
		}
	}
	slices.Sort(out)
	return out
}

func orEmpty(v any) any {
	if v == nil {
		return ""
	}
	return v
}

// evaluateWithEngine returns the same of the engine.
func evaluateWithEngine(t *testing.T, e *Engine, in Input) []string {
	t.Helper()
	found, err := e.Evaluate(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, v := range found {
		var port any = v.Port
		if v.Port == 0 {
			port = ""
		}
		id := PackageOf(v.Policy)[len(packagePrefix)+1:]
		out = append(out, fmt.Sprintf("%s %v %v %v %v %v %v", id, v.Message, v.Host, port, v.Client, v.Fix, v.DecidedBy))
	}
	slices.Sort(out)
	return out
}

func TestThePlainEvaluatorGivesTheSameAnswer(t *testing.T) {
	e, query := engine(t), opaQuery(t)
	random := rand.New(rand.NewSource(2))
	inputs := []Input{
		review(mesh.Originated, mesh.CauseNone), review(mesh.Plaintext, mesh.CauseDisabled), authorizationPolicyReview("*"), authorizationPolicyReview("spiffe://x"), authorizationPolicyReview("ok"),
		authorizationPolicyReview(),
	}
	for range 330 {
		inputs = append(inputs, randomReview(random))
	}
	violations := 0
	for _, in := range inputs {
		got, want := evaluateWithEngine(t, e, in), evaluateWithOPA(t, query, in)
		violations += len(got)
		if !slices.Equal(got, want) {
			t.Errorf("got\n%v\nwant\n%v", got, want)
		}
	}
	if violations < 300 {
		t.Errorf("only %d violations were compared", violations)
	}
}

// authorizationPolicyReview is a review of an AuthorizationPolicy.
func authorizationPolicyReview(principals ...string) Input {
	source := map[string]any{}
	if len(principals) > 0 {
		source["principals"] = toAny(principals)
	}
	return Input{
		Request: Request{Operation: Create, Kind: mesh.KindAuthorizationPolicy, Namespace: "team-a", Name: "policy"},
		Object: map[string]any{
			"metadata": map[string]any{"name": "policy", "annotations": map[string]any{"istio.io/dry-run": "true"}},
			"spec":     map[string]any{"rules": []any{map[string]any{"from": []any{map[string]any{"source": source}}}}},
		},
	}
}

func toAny(items []string) []any {
	out := make([]any, len(items))
	for i, item := range items {
		out[i] = item
	}
	return out
}

// randomReview returns a review with flows of all kinds, likely or not.
func randomReview(r *rand.Rand) Input {
	in := review(mesh.Originated, mesh.CauseNone)
	in.Request.Operation = pick(r, Create, Update, Delete)
	in.Request.Kind = pick(r, mesh.KindDestinationRule, mesh.KindServiceEntry, mesh.KindVirtualService, mesh.KindGateway)
	in.Egress = nil
	for range r.Intn(4) {
		in.Egress = append(in.Egress, randomFlow(r))
	}
	return in
}

func randomFlow(r *rand.Rand) mesh.Flow {
	ref := &mesh.Ref{Kind: mesh.KindDestinationRule, Namespace: pick(r, "default", ""), Name: "rule"}
	f := mesh.Flow{
		Path: mesh.Path{
			Client:  mesh.Client{Kind: pick(r, mesh.ClientSidecar, mesh.ClientGateway, mesh.ClientWaypoint), Namespace: pick(r, "default", "*")},
			Host:    pick(r, "a.example.com", "*.example.com"),
			Port:    pick[uint32](r, 80, 443),
			Verdict: pick(r, mesh.Plaintext, mesh.Plaintext, mesh.Originated, mesh.ApplicationTLS, mesh.DoubleTLS, mesh.Unknown),
			Cause: pick(r, mesh.CauseNone, mesh.CauseNoRule, mesh.CauseNoRule, mesh.CauseUnset, mesh.CauseDisabled, mesh.CauseNoMode,
				mesh.CauseUnselected, mesh.CauseCredential, mesh.CauseIncompleteMutual, mesh.CauseMutualAtWaypoint,
				mesh.CauseSelectorAtWaypoint, mesh.CauseZtunnel, mesh.CauseMergedAway, mesh.CauseOffPath, mesh.CauseUnknownHost,
				mesh.CauseCaseMismatch, mesh.CausePassthrough, mesh.CausePortNotDeclared, mesh.CauseDeclaredTLS, mesh.CauseDeclaredOtherwise,
				mesh.CauseOtherAddresses, mesh.CauseKeptInside, mesh.CauseRoutedInside, mesh.CauseNoDestination, mesh.CauseNoCluster),
		},
		HopKind:         pick(r, mesh.HopEgress, mesh.HopEgress, mesh.HopEgress, mesh.HopEgress, mesh.HopGateway, mesh.HopGateway, mesh.HopNone),
		Family:          pick(r, mesh.FamilyHTTP, mesh.FamilyTLS, mesh.FamilyOpaque, mesh.FamilyUnspecified),
		Payload:         pick(r, mesh.FamilyHTTP, mesh.FamilyTLS, mesh.FamilyOpaque, mesh.FamilyUnspecified),
		Before:          pick(r, "", mesh.Plaintext, mesh.Originated, mesh.ApplicationTLS, mesh.Unknown),
		DecidedByObject: r.Intn(2) == 0, Ignored: r.Intn(4) == 0, WasUnrouted: r.Intn(4) == 0,
		TargetPorts:   pick(r, nil, []uint32{80}, []uint32{443, 80}),
		SNIHosts:      pick(r, nil, []string{"a.example.com"}, []string{"*.example.com", "b.example.com"}),
		EndpointHosts: pick(r, nil, []string{"cdn.example.net"}),
		ServerTLS:     pick(r, "", "", "ISTIO_MUTUAL", "SIMPLE"),
		Related:       pick(r, "", "DestinationRule default/older"),
		Subset:        pick(r, "", "v1"),
		OtherHosts:    pick(r, 0, 0, 1, 7),
	}
	if r.Intn(2) == 0 {
		f.Rule = ref
	}
	if r.Intn(2) == 0 {
		f.Service = &mesh.Ref{Kind: mesh.KindServiceEntry, Namespace: "default", Name: "entry"}
	}
	for range r.Intn(3) {
		h := mesh.Hop{SNI: pick(r, "", "a.example.com", "cdn.example.net", "x.example.org"), AutoNames: r.Intn(2) == 0, Verified: r.Intn(2) == 0, Insecure: r.Intn(4) == 0}
		if r.Intn(2) == 0 {
			h.DecidedBy = &mesh.Decision{Object: *ref, Field: pick(r, "", "spec.trafficPolicy.tls", "spec.trafficPolicy.portLevelSettings[0].tls")}
		}
		f.Hops = append(f.Hops, h)
	}
	return f
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.Intn(len(from))] }

// `opa check --schema policies/schemas policies/rego` passes, and finds what New finds.
func TestOPAsOwnCheckUsesTheSchemas(t *testing.T) {
	schemas, err := loader.Schemas("schemas")
	if err != nil {
		t.Fatal(err)
	}
	check := func(extra string) error {
		loaded, err := loader.NewFileLoader().WithProcessAnnotation(true).All([]string{"rego"})
		if err != nil {
			t.Fatal(err)
		}
		modules := loaded.ParsedModules()
		if extra != "" {
			modules["extra.rego"] = ast.MustParseModule(extra)
		}
		compiler := ast.NewCompiler().WithSchemas(schemas).WithUseTypeCheckAnnotations(true).WithStrict(true)
		if compiler.Compile(modules); compiler.Failed() {
			return compiler.Errors
		}
		return nil
	}
	if err := check(""); err != nil {
		t.Error(err)
	}
	if err := check("package tlsward.extra\n\nviolation contains {\"message\": \"x\"} if input.request.nmae == \"x\""); err == nil {
		t.Error("a misspelt field passes")
	}
}

// The conditions of the policies, said once more in Go: whatever a flow is like, a violation is found where the
// condition holds, and its message is never undefined.
func TestNoFlowIsLostBetweenConditionAndMessage(t *testing.T) {
	e := engine(t)
	random := rand.New(rand.NewSource(3))
	counted := map[string]int{}
	for range 4000 {
		in := randomReview(random)
		in.Egress = []mesh.Flow{randomFlow(random)}
		f := in.Egress[0]
		found, err := e.Evaluate(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]v1alpha1.Action{}
		for _, v := range found {
			got[v.Policy] = v.Action
		}
		for id, holds := range conditions(in, f) {
			if _, fired := got[id]; fired != holds {
				t.Fatalf("%s: fired is %v, want %v for %s of %+v", id, fired, holds, in.Request.Operation, f)
			}
			if holds {
				counted[id]++
			}
		}
	}
	for id, n := range counted {
		if n < 2 {
			t.Errorf("%s fired %d times only", id, n)
		}
	}
	if len(counted) != 12 {
		t.Errorf("%d policies fired, want 12: %v", len(counted), counted)
	}
}

func conditions(in Input, f mesh.Flow) map[string]bool {
	stays := in.Request.Operation != Delete
	egress, gateway := f.HopKind == mesh.HopEgress, f.HopKind == mesh.HopGateway
	plaintext := f.Verdict == mesh.Plaintext
	tls := f.Verdict == mesh.Originated || f.Verdict == mesh.DoubleTLS
	lost := plaintext && (f.Before == mesh.Originated || f.Before == mesh.DoubleTLS || f.Before == mesh.ApplicationTLS)
	http := f.Payload == mesh.FamilyHTTP
	opened := f.WasUnrouted && plaintext && (http || f.Payload == mesh.FamilyUnspecified)
	opaque, sniffed := f.Payload == mesh.FamilyOpaque, f.Payload == mesh.FamilyUnspecified
	known := f.Cause == mesh.CauseUnset && f.Before == mesh.Plaintext && slices.Contains(f.TargetPorts, 80)
	route := (in.Request.Kind == mesh.KindVirtualService || in.Request.Kind == mesh.KindGateway) && f.Client.Kind == mesh.ClientGateway && http && f.Family != mesh.FamilyTLS
	decided := slices.Contains([]mesh.Cause{
		mesh.CauseDisabled, mesh.CauseNoMode, mesh.CauseUnset, mesh.CauseCredential, mesh.CauseIncompleteMutual,
		mesh.CauseMutualAtWaypoint, mesh.CauseSelectorAtWaypoint, mesh.CauseZtunnel, mesh.CauseMergedAway,
	}, f.Cause)
	unknown := f.Cause == mesh.CauseUnknownHost || f.Cause == mesh.CauseCaseMismatch
	last := mesh.Hop{}
	if n := len(f.Hops); n > 0 {
		last = f.Hops[n-1]
	}
	named := host.AnyCovers(f.SNIHosts, last.SNI)
	answers := f.DecidedByObject || in.Request.Kind != mesh.KindDestinationRule
	explained := f.Ignored || f.Family == mesh.FamilyUnspecified || (f.Family == mesh.FamilyOpaque && opaque)
	return map[string]bool{
		"plaintext-egress":      egress && plaintext && (lost || opened || stays && ((http || sniffed) && decided && !known && f.Rule != nil && !f.Ignored && answers || route)),
		"tls-pending":           stays && plaintext && (f.Cause == mesh.CauseNoRule || known && egress) && !lost && !opened && (egress && (http || opaque && f.Family == mesh.FamilyTLS) && !route && !explained || gateway && f.ServerTLS != ""),
		"ineffective-tls":       stays && f.Ignored,
		"sni-mismatch":          stays && (gateway || tls) && last.SNI != "" && len(f.SNIHosts) > 0 && !named,
		"double-tls":            stays && f.Verdict == mesh.DoubleTLS,
		"unverified-server":     stays && egress && f.Verdict == mesh.Originated && !last.Verified,
		"wrong-target-port":     stays && egress && f.Verdict == mesh.Originated && slices.Contains(f.TargetPorts, 80) && (last.TLS != "ISTIO_MUTUAL" || last.DecidedBy != nil),
		"uncovered-client":      stays && egress && plaintext && f.Cause == mesh.CauseUnselected && !lost && !opened && !f.Ignored,
		"unspecified-protocol":  stays && egress && f.Family == mesh.FamilyUnspecified && (plaintext || f.Verdict == mesh.Originated && last.AutoNames && last.Verified && len(last.Names) == 0),
		"opaque-tcp":            stays && egress && plaintext && f.Family == mesh.FamilyOpaque && opaque && !lost,
		"unknown-host":          stays && unknown,
		"plaintext-gateway-hop": stays && gateway && (plaintext && (f.ServerTLS == "" || f.Cause == mesh.CauseDisabled || f.Cause == mesh.CauseNoMode) || f.Verdict == mesh.Originated && f.ServerTLS == "ISTIO_MUTUAL" && last.TLS == "SIMPLE"),
	}
}

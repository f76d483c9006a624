package policies

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// own returns the text of a policy of a user's.
func own(id, body string) string {
	return fmt.Sprintf(`# METADATA
# title: A policy
# description: Of a user.
# custom:
#   id: %s
#   action: deny
#   kinds: [DestinationRule]
package %s

%s
`, id, PackageOf(id), body)
}

// evaluate returns the ids of what denies and what warns.
func evaluate(t *testing.T, e *Engine, in Input) (deny, warn []string) {
	t.Helper()
	found, err := e.Evaluate(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		switch v.Action {
		case v1alpha1.Deny:
			deny = append(deny, v.Policy)
		case v1alpha1.Warn:
			warn = append(warn, v.Policy)
		}
	}
	return deny, warn
}

func TestEvaluateDeniesAFlowThatLostTLS(t *testing.T) {
	in := review(mesh.Plaintext, mesh.CauseNoRule)
	in.Request.Operation, in.Object = Delete, nil
	in.Egress = in.Egress[:1]
	in.Egress[0].Rule, in.Egress[0].Before = nil, mesh.Originated
	found, err := engine(t).Evaluate(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].Policy != "plaintext-egress" || found[0].Action != v1alpha1.Deny || found[0].Port != 80 {
		t.Errorf("got %+v, want one denial of plaintext-egress on port 80", found)
	}
}

func TestNewRefuses(t *testing.T) {
	good := own("mine", `violation contains {"message": "no"} if input.request.dryRun`)
	for name, tc := range map[string]struct {
		file string
		want string
	}{
		"what does not parse":      {"package tlsward.mine\n\nviolation contains", "mine.rego:3: "},
		"a misspelt field":         {own("mine", `violation contains {"message": "no"} if input.request.operatoin == "CREATE"`), "mine.rego:10: undefined ref: input.request.operatoin; have: \"operatoin\"; want (one of): [\"apiVersion\" \"dryRun\""},
		"a misspelt flow field":    {own("mine", "violation contains {\"message\": \"no\"} if {\n\tsome f in input.egress\n\tf.verdikt == \"plaintext\"\n}"), "mine.rego:12: undefined ref: "},
		"a misspelt parameter":     {strings.Replace(own("mine", `violation contains {"message": "no"} if data.params.mine.limits`), "# custom:", "# schemas:\n#   - data.params.mine: {type: object, properties: {limit: {type: number}}}\n# custom:", 1), `mine.rego:12: undefined ref: data.params.mine.limits; have: "limits"; want (one of): ["limit"]`},
		"a function of the net":    {own("mine", `violation contains {"message": "no"} if http.send({"url": "http://x", "method": "GET"}).status_code == 200`), "mine.rego:10: undefined function http.send"},
		"the clock":                {own("mine", `violation contains {"message": "no"} if time.now_ns() > 0`), "mine.rego:10: undefined function time.now_ns"},
		"chance":                   {own("mine", `violation contains {"message": "no"} if rand.intn("x", 2) > 0`), "mine.rego:10: undefined function rand.intn"},
		"the machine":              {own("mine", `violation contains {"message": opa.runtime().env.HOME}`), "mine.rego:10: undefined function opa.runtime"},
		"a name look-up":           {own("mine", `violation contains {"message": "no"} if net.lookup_ip_addr("x")`), "mine.rego:10: undefined function net.lookup_ip_addr"},
		"no violation":             {own("mine", `deny contains "no"`), "mine.rego: policy mine has no rule `violation contains"},
		"violation as a value":     {own("mine", `violation := "no"`), "mine.rego:10: violation must be a set"},
		"an unused import":         {own("mine", "import data.tlsward.lib\n\n"+`violation contains {"message": "no"}`), "mine.rego:10: "},
		"no title":                 {strings.Replace(good, "# title: A policy\n", "", 1), "mine.rego:1: METADATA: title is missing"},
		"no description":           {strings.Replace(good, "# description: Of a user.\n", "", 1), "description is missing"},
		"a wrong action":           {strings.Replace(good, "action: deny", "action: refuse", 1), "custom.action must be deny, warn, audit or off, have refuse"},
		"a strongest that is none": {strings.Replace(good, "action: deny", "action: deny\n#   strongest: warn", 1), "custom.strongest must be stronger than custom.action, have warn"},
		"no kinds":                 {strings.Replace(good, "kinds: [DestinationRule]", "kinds: []", 1), "custom.kinds must list kinds"},
		"an id in another form":    {strings.Replace(good, "id: mine", "id: Mine", 1), "custom.id must be lower-case words"},
		"an id of another package": {strings.Replace(good, "id: mine", "id: yours", 1), "custom.id yours belongs in package tlsward.yours, not tlsward.mine"},
		"a package of ours":        {own("plaintext-egress", `violation contains {"message": "no"}`), "mine.rego:8: package tlsward.plaintext_egress belongs to tlsward itself"},
		"a rule in our library":    {"package tlsward.lib\n\nlost(_) if true", "mine.rego:1: package tlsward.lib belongs to tlsward itself"},
		"a package elsewhere":      {strings.Replace(good, "package tlsward.mine", "package mine", 1), "mine.rego:8: package mine is not below tlsward"},
		"an unknown kind":          {strings.Replace(good, "kinds: [DestinationRule]", "kinds: [DestinationRul]", 1), "custom.kinds: no review is of a kind DestinationRul (known: *, AuthorizationPolicy, "},
		"no METADATA":              {"package tlsward.mine\n\nviolation contains {\"message\": \"no\"}", "mine.rego:3: violation is not evaluated: package tlsward.mine has no METADATA with custom.id right above it"},
		"METADATA of no policy":    {strings.Replace(good, "#   id: mine\n", "", 1), "mine.rego:9: violation is not evaluated"},
		"METADATA of a rule":       {"package tlsward.mine\n\n# METADATA\n# title: A policy\n# description: Of a user.\n# custom: {id: mine, action: deny, kinds: [Service]}\nviolation contains {\"message\": \"no\"}", "mine.rego:7: violation is not evaluated"},
		"an empty file":            {"", "mine.rego"},
	} {
		_, err := New(t.Context(), nil, Files{"mine.rego": tc.file})
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v\nwant %s", name, err, tc.want)
		}
	}
	for _, text := range []string{good, own("mine", `violation contains {"message": "no"} if data.params.mine.limit`)} {
		if _, err := New(t.Context(), nil, Files{"mine.rego": text}); err != nil {
			t.Errorf("a good policy: %v", err)
		}
	}
	library := "package tlsward.names\n\nbanks := {\"a\"}"
	rest := "package tlsward.mine\n\nviolation contains {\"message\": \"more\"} if input.request.dryRun"
	if _, err := New(t.Context(), nil, Files{"mine.rego": good, "names.rego": library, "rest.rego": rest}); err != nil {
		t.Errorf("a library and a second file of the policy: %v", err)
	}
	if _, err := New(t.Context(), nil, Files{"mine.rego": good}, Files{"mine.rego": good}); err == nil {
		t.Error("two files of one name: no error")
	}
	if _, err := New(t.Context(), nil, Files{"mine.rego": good, "mine2.rego": good}); err == nil {
		t.Error("two files for one policy: no error")
	}
}

func TestNewRunsThePoliciesTests(t *testing.T) {
	files := Files{
		"mine.rego": own("mine", `violation contains {"message": "no"} if input.request.dryRun`),
		"mine_test.rego": `package tlsward.mine_test

import data.tlsward.fixtures
import data.tlsward.mine.violation as found

test_passes if count(found) == 0 with input as fixtures.review("DestinationRule", [])

test_is_wrong if count(found) == 1 with input as fixtures.review("DestinationRule", [])
`,
	}
	_, err := New(t.Context(), nil, files)
	if err == nil || !strings.Contains(err.Error(), "test policies: mine_test.rego:8: test test_is_wrong is not true") {
		t.Errorf("got %v, want the failing test's file, line and name", err)
	}
	files["mine_test.rego"] = strings.Replace(files["mine_test.rego"], "== 1", "== 0", 1)
	if _, err := New(t.Context(), nil, files); err != nil {
		t.Errorf("with a test that passes: %v", err)
	}
}

func TestConfigMustNameKnownPolicies(t *testing.T) {
	cfg := &v1alpha1.Config{
		Policies: map[string]v1alpha1.PolicyConfig{"plaintxt-egress": {Action: v1alpha1.Warn}, "double-tls": {Action: "refuse"},
			"review-limit": {Action: v1alpha1.Warn}},
		Exemptions: []v1alpha1.ExemptionSpec{{Policy: "no-such"}},
	}
	_, err := New(t.Context(), cfg)
	for _, want := range []string{
		`policies.plaintxt-egress: there is no policy "plaintxt-egress"`,
		`policies.review-limit: there is no policy "review-limit" that a configuration changes: it always denies`,
		`policies.double-tls.action: "refuse" is not`,
		`exemptions[0].policy: there is no policy "no-such"`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s in it", err, want)
		}
	}
}

func TestAResultOfAnotherTypeIsAnError(t *testing.T) {
	for body, want := range map[string]string{
		`violation contains "no"`:                                                  "is string, not an object",
		`violation contains {"msg": "no"}`:                                         `has a field "msg"; known are message`,
		`violation contains {"host": "x"}`:                                         "has no message",
		`violation contains {"message": 1}`:                                        "message is number, not a string",
		`violation contains {"message": "no", "port": "80"}`:                       "port is string, not a number",
		`violation contains {"message": "no", "port": 80.5}`:                       "is no port",
		`violation contains {"message": "no", "action": "shout"}`:                  `action is "shout"`,
		`violation contains {"message": sprintf("%s", [1 / count(input.egress)])}`: "divide by zero",
	} {
		in := review(mesh.Originated, mesh.CauseNone)
		in.Egress = nil
		in.Egress = []mesh.Flow{}
		_, err := engine(t, Files{"mine.rego": own("mine", body)}).Evaluate(t.Context(), in)
		var failure *PolicyError
		if !errors.As(err, &failure) || failure.Policy != "mine" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want policy mine could not decide: ... %s", body, err, want)
		}
	}
}

const endless = `violation contains {"message": "no"} if {
	some i in numbers.range(1, 100000000)
	i * i == 7
}`

func TestAPolicyThatLoopsIsCutOff(t *testing.T) {
	cfg := &v1alpha1.Config{Evaluation: v1alpha1.Evaluation{Timeout: v1alpha1.Duration(50 * time.Millisecond)}}
	files := Files{"slow.rego": own("slow", endless), "mine.rego": own("mine", `violation contains {"message": "no"}`)}
	e, err := New(t.Context(), cfg, files)
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	_, err = e.Evaluate(t.Context(), review(mesh.Originated, mesh.CauseNone))
	var failure *PolicyError
	if !errors.As(err, &failure) || failure.Policy != "slow" || !failure.Timeout {
		t.Errorf("got %v, want policy slow timed out", err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %s", took)
	}

	cfg.Evaluation.OnError = v1alpha1.Warn
	if e, err = New(t.Context(), cfg, files); err != nil {
		t.Fatal(err)
	}
	deny, warn := evaluate(t, e, review(mesh.Originated, mesh.CauseNone))
	if fmt.Sprint(deny, warn) != "[mine] [slow]" {
		t.Errorf("with onError warn: deny %v, warn %v, want mine and slow", deny, warn)
	}
}

func TestAReviewThatNobodyWaitsForIsCutOff(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	cfg := &v1alpha1.Config{Evaluation: v1alpha1.Evaluation{OnError: v1alpha1.Warn, Timeout: v1alpha1.Duration(800 * time.Millisecond)}}
	e, err := New(t.Context(), cfg, Files{"slow.rego": own("slow", endless)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Evaluate(ctx, review(mesh.Originated, mesh.CauseNone)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the context's error: nobody may take an unfinished answer for a pass", err)
	}
}

func TestAllowGivesAFunctionBack(t *testing.T) {
	files := Files{"mine.rego": own("mine", `violation contains {"message": "no"} if time.now_ns() > 0`)}
	cfg := &v1alpha1.Config{Evaluation: v1alpha1.Evaluation{Allow: []string{"time.now_ns"}}}
	e, err := New(t.Context(), cfg, files)
	if err != nil {
		t.Fatal(err)
	}
	if deny, _ := evaluate(t, e, review(mesh.Originated, mesh.CauseNone)); len(deny) != 1 {
		t.Errorf("denied by %v, want mine", deny)
	}
	cfg.Evaluation.Allow = []string{"time.now"}
	if _, err := New(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "evaluation.allow: Rego has no function time.now") {
		t.Errorf("got %v", err)
	}
}

func TestOtherKindsAreNotEvaluated(t *testing.T) {
	e := engine(t, Files{"mine.rego": own("mine", `violation contains {"message": "no"}`)})
	in := review(mesh.Originated, mesh.CauseNone)
	in.Request.Kind = "ServiceEntry"
	if deny, _ := evaluate(t, e, in); len(deny) != 0 {
		t.Errorf("a ServiceEntry is denied by %v", deny)
	}
	in.Request.Kind = "DestinationRule"
	if deny, _ := evaluate(t, e, in); len(deny) != 1 {
		t.Errorf("a DestinationRule is denied by %v, want mine", deny)
	}
}

func TestAnyKindIsAnyKind(t *testing.T) {
	text := strings.Replace(own("mine", `violation contains {"message": "no"}`), "[DestinationRule]", `["*"]`, 1)
	e := engine(t, Files{"mine.rego": text})
	in := review(mesh.Originated, mesh.CauseNone)
	for _, kind := range []string{"DestinationRule", "Telemetry"} {
		in.Request.Kind = kind
		if deny, _ := evaluate(t, e, in); len(deny) != 1 {
			t.Errorf("%s is denied by %v, want mine", kind, deny)
		}
	}
}

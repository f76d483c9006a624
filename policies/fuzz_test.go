package policies

import (
	"encoding/json"
	"testing"

	"github.com/tlsward/tlsward/mesh"
)

// Whatever the model can read of an AuthorizationPolicy, the policies can judge: no field of an odd form leaves them
// undecided.
func FuzzEvaluateAuthorizationPolicy(f *testing.F) {
	for _, spec := range []string{
		`{}`, `null`, `{"rules":null}`, `{"rules":[]}`, `{"rules":[{}]}`, `{"rules":[null]}`, `{"rules":[{"from":null}]}`,
		`{"rules":[{"from":[null]}]}`, `{"rules":[{"from":[{}]}]}`, `{"rules":[{"from":[{"source":null}]}]}`,
		`{"rules":[{"from":[{"source":{"principals":null}}]}]}`, `{"rules":[{"from":[{"source":{"principals":[""]}}]}]}`,
		`{"rules":[{"from":[{"source":{"principals":["*","a*b","spiffe://x"],"notPrincipals":["*"]}}]}]}`,
		`{"rules":[{"when":null}]}`, `{"rules":[{"when":[null]}]}`, `{"rules":[{"when":[{"key":null,"values":null}]}]}`,
		`{"rules":[{"when":[{"key":"source.principal","values":["*"],"notValues":["**"]}]}]}`,
		`{"selector":null,"action":null}`, `{"action":1}`, `{"action":"DENY"}`, `{"selector":{"matchLabels":null}}`,
		`{"selector":{"matchLabels":{"istio":"ingressgateway"}}}`, `{"targetRefs":null}`, `{"rules":{}}`, `{"rules":[1]}`,
	} {
		f.Add(spec, `{"istio.io/dry-run":"true"}`)
	}
	f.Add(`{}`, `null`)
	f.Add(`{}`, `{}`)
	e := engine(f)
	f.Fuzz(func(t *testing.T, spec, annotations string) {
		text := `{"apiVersion":"security.istio.io/v1","kind":"AuthorizationPolicy","metadata":{"name":"p","namespace":"n","annotations":` +
			annotations + `},"spec":` + spec + `}`
		object, err := mesh.Decode([]byte(text))
		if err != nil || object == nil {
			return // refused before a policy reads it
		}
		var tree map[string]any
		if err := json.Unmarshal([]byte(text), &tree); err != nil {
			return
		}
		in := Input{
			Request: Request{Operation: Create, Kind: object.Kind, Namespace: object.Namespace, Name: object.Name},
			Object:  tree, Callers: mesh.New(mesh.DefaultSettings()).Callers(object),
		}
		if _, err := e.Evaluate(t.Context(), in); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	})
}

// A file that a user brings is read or refused, and never more than that.
func FuzzReadPolicy(f *testing.F) {
	f.Add(own("mine", `violation contains {"message": "no"}`))
	f.Add("")
	f.Add("package tlsward")
	f.Add("# METADATA\n# custom: 1\npackage tlsward.mine")
	f.Add("# METADATA\n# custom: {id: 1, kinds: {}, action: [deny]}\npackage tlsward.mine")
	f.Add("# METADATA\n# scope: subpackages\n# custom: {id: mine}\npackage tlsward.mine")
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := parse("mine.rego", text)
		if err != nil {
			return
		}
		policies, err := readPolicies([]module{{file: "mine.rego", parsed: parsed}})
		if err != nil {
			return
		}
		for _, p := range policies {
			if !idPattern.MatchString(p.ID) || p.Title == "" || len(p.Kinds) == 0 || severity(p.Action) < 0 {
				t.Errorf("%q passes as %+v", text, p)
			}
		}
	})
}

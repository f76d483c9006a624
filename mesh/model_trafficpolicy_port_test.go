package mesh

import (
	"encoding/json"
	"reflect"
	"testing"
)

func policyJSON(t *testing.T, text string) map[string]any {
	t.Helper()
	var policy map[string]any
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		t.Fatal(err)
	}
	return policy
}

func TestInheritedPortSettings(t *testing.T) {
	const rule = `{"connectionPool": "rule", "loadBalancer": "rule", "tls": {"mode": "SIMPLE"}, "tunnel": {},
		"portLevelSettings": [
			{"port": {"number": 81}, "outlierDetection": "rule 81", "tls": {}},
			{"port": {"number": 81}, "connectionPool": "never read"}]}`
	for name, c := range map[string]struct {
		port     uint32
		policies []string
		want     string
	}{
		"the rule's own settings":              {80, []string{rule}, `{"connectionPool": "rule", "loadBalancer": "rule"}`},
		"the rule's entry for the port":        {81, []string{rule}, `{"outlierDetection": "rule 81"}`},
		"no policy":                            {80, []string{`null`}, `{}`},
		"a subset that says nothing":           {80, []string{rule, `null`}, `{"connectionPool": "rule", "loadBalancer": "rule"}`},
		"a subset's settings go first":         {80, []string{rule, `{"loadBalancer": "subset"}`}, `{"connectionPool": "rule", "loadBalancer": "subset"}`},
		"a subset inherits from an entry":      {81, []string{rule, `{"loadBalancer": "subset"}`}, `{"outlierDetection": "rule 81", "loadBalancer": "subset"}`},
		"a subset's entry inherits nothing":    {81, []string{rule, `{"portLevelSettings": [{"port": {"number": 81}, "loadBalancer": "subset 81"}]}`}, `{"loadBalancer": "subset 81"}`},
		"a subset's entry for another port":    {80, []string{rule, `{"portLevelSettings": [{"port": {"number": 81}, "loadBalancer": "subset 81"}]}`}, `{"connectionPool": "rule", "loadBalancer": "rule"}`},
		"a subset of a rule without a policy":  {80, []string{`null`, `{"loadBalancer": "subset"}`}, `{"loadBalancer": "subset"}`},
		"an entry without a port is no one's":  {80, []string{`{"connectionPool": "rule", "portLevelSettings": [{}, null]}`}, `{"connectionPool": "rule"}`},
		"portLevelSettings that is not a list": {80, []string{`{"connectionPool": "rule", "portLevelSettings": 1}`}, `{"connectionPool": "rule"}`},
	} {
		t.Run(name, func(t *testing.T) {
			var policies []map[string]any
			for _, text := range c.policies {
				policies = append(policies, policyJSON(t, text))
			}
			if have, want := InheritedPortSettings(c.port, policies...), policyJSON(t, c.want); !reflect.DeepEqual(have, want) {
				t.Errorf("have %v, want %v", have, want)
			}
		})
	}
}

func TestLosesToPortEntry(t *testing.T) {
	for text, want := range map[string]bool{
		`null`: false, `{"tls": {}, "connectionPool": {}, "loadBalancer": {}, "outlierDetection": {}}`: false,
		`{"tunnel": {}}`: true, `{"proxyProtocol": {}}`: true, `{"retryBudget": {}}`: true, `{"tunnel": null}`: false,
	} {
		if have := LosesToPortEntry(policyJSON(t, text)); have != want {
			t.Errorf("%s: have %v", text, have)
		}
	}
}

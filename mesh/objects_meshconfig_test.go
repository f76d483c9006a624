package mesh

import (
	"reflect"
	"strings"
	"testing"
)

func TestWithMeshConfig(t *testing.T) {
	base := Settings{RootNamespace: "root", TrustDomain: "td", TrustDomainAliases: []string{"old"}, ClusterDomain: "corp.internal"}
	for name, c := range map[string]struct {
		raw  string
		want func(*Settings)
	}{
		"nothing":               {`{}`, func(*Settings) {}},
		"root namespace":        {`{"rootNamespace": "mesh"}`, func(s *Settings) { s.RootNamespace = "mesh" }},
		"trust domain":          {`{"trustDomain": "prod", "trustDomainAliases": ["a", "b"]}`, func(s *Settings) { s.TrustDomain, s.TrustDomainAliases = "prod", []string{"a", "b", "old"} }},
		"an alias twice":        {`{"trustDomainAliases": ["old", "a"]}`, func(s *Settings) { s.TrustDomainAliases = []string{"a", "old"} }},
		"registry only":         {`{"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}}`, func(s *Settings) { s.RegistryOnly = true }},
		"a policy with no mode": {`{"outboundTrafficPolicy": {}}`, func(s *Settings) { s.RegistryOnly = true }},
		"allow any":             {`{"outboundTrafficPolicy": {"mode": "ALLOW_ANY"}}`, func(*Settings) {}},
		"no auto mTLS":          {`{"enableAutoMtls": false}`, func(s *Settings) { s.NoAutoMTLS = true }},
		"auto mTLS":             {`{"enableAutoMtls": true}`, func(*Settings) {}},
		"DNS":                   {`{"defaultConfig": {"proxyMetadata": {"ISTIO_META_DNS_CAPTURE": "true"}}}`, func(s *Settings) { s.DNSCapture = true }},
		"DNS as nobody reads":   {`{"defaultConfig": {"proxyMetadata": {"ISTIO_META_DNS_CAPTURE": "on"}}}`, func(*Settings) {}},
		"exportTo": {`{"defaultServiceExportTo": ["."], "defaultVirtualServiceExportTo": ["~"], "defaultDestinationRuleExportTo": ["a"]}`, func(s *Settings) {
			s.ServiceExportTo, s.VirtualServiceExportTo, s.DestinationRuleExportTo = []string{"."}, []string{"~"}, []string{"a"}
		}},
		"selectors": {`{"discoverySelectors": [{"matchLabels": {"a": "b"}}, {"matchExpressions": [{"key": "k", "operator": "Exists"}]}]}`, func(s *Settings) {
			s.DiscoverySelectors = []LabelSelector{{MatchLabels: map[string]string{"a": "b"}}, {Expressions: []LabelRequirement{{Key: "k", Operator: "Exists"}}}}
		}},
		"what is newer": {`{"somethingNew": true, "rootNamespace": "mesh"}`, func(s *Settings) { s.RootNamespace = "mesh" }},
	} {
		t.Run(name, func(t *testing.T) {
			want := base
			c.want(&want)
			have, err := base.WithMeshConfig([]byte(c.raw))
			if err != nil || !reflect.DeepEqual(have, want) {
				t.Errorf("have %+v, %v\nwant %+v", have, err, want)
			}
		})
	}
}

func TestWithMeshConfigRefuses(t *testing.T) {
	for raw, want := range map[string]string{
		`[]`:                 "read MeshConfig",
		`{"trustDomain": 1}`: "read MeshConfig",
		`{"outboundTrafficPolicy": {"mode": "ALLOW_SOME"}}`:                                                       "invalid value for enum field mode",
		`{"discoverySelectors": [{}, {"matchExpressions": [{"key": "k", "operator": "Like", "values": ["a"]}]}]}`: `discoverySelectors[1]: operator "Like" is not`,
		`{"discoverySelectors": [{"matchExpressions": [{"key": "k", "operator": "In"}]}]}`:                        "operator In with 0 values",
	} {
		if have, err := (Settings{TrustDomain: "td"}).WithMeshConfig([]byte(raw)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: have %+v, %v, want %q", raw, have, err, want)
		}
	}
}

func TestMeshConfigDifferences(t *testing.T) {
	a := DefaultSettings()
	b, err := a.WithMeshConfig([]byte(`{"rootNamespace": "mesh", "outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}, "enableAutoMtls": false,
		"defaultServiceExportTo": [".", "a"]}`))
	if err != nil {
		t.Fatal(err)
	}
	b.ClusterDomain, b.Revision = "corp.internal", "canary" // no fields of MeshConfig
	want := []string{"rootNamespace: mesh, not istio-system", "outboundTrafficPolicy.mode: REGISTRY_ONLY, not ALLOW_ANY",
		"enableAutoMtls: false, not true", "defaultServiceExportTo: [. a], not []"}
	if have := b.MeshConfigDifferences(a); !reflect.DeepEqual(have, want) {
		t.Errorf("have %q\nwant %q", have, want)
	}
	a.TrustDomainAliases = []string{}
	if have := a.MeshConfigDifferences(DefaultSettings()); have != nil {
		t.Errorf("have %q between equals", have)
	}
}

func TestUnknownMeshConfigFields(t *testing.T) {
	have := UnknownMeshConfigFields([]byte(`{"rootNamespac": "x", "trustDomain": "y", "defaultConfig": {"proxyMetadata": {"ISTIO_META_X": "y"}, "nope": 1}}`))
	if !reflect.DeepEqual(have, []string{"defaultConfig.nope", "rootNamespac"}) {
		t.Errorf("have %q", have)
	}
}

func TestLabelSelectorSelects(t *testing.T) {
	labels := map[string]string{"env": "prod", "tier": ""}
	expression := func(key, operator string, values ...string) LabelSelector {
		return LabelSelector{Expressions: []LabelRequirement{{key, operator, values}}}
	}
	for name, c := range map[string]struct {
		selector LabelSelector
		want     bool
	}{
		"empty":                {LabelSelector{}, true},
		"label":                {LabelSelector{MatchLabels: map[string]string{"env": "prod"}}, true},
		"other value":          {LabelSelector{MatchLabels: map[string]string{"env": "dev"}}, false},
		"absent is not empty":  {LabelSelector{MatchLabels: map[string]string{"zone": ""}}, false},
		"in":                   {expression("env", "In", "dev", "prod"), true},
		"not in":               {expression("env", "NotIn", "dev"), true},
		"not in, but it is":    {expression("env", "NotIn", "prod"), false},
		"not in holds without": {expression("zone", "NotIn", "a"), true},
		"in does not":          {expression("zone", "In", "a"), false},
		"exists":               {expression("tier", "Exists"), true},
		"does not exist":       {expression("tier", "DoesNotExist"), false},
		"all of them":          {LabelSelector{MatchLabels: map[string]string{"env": "prod"}, Expressions: []LabelRequirement{{"tier", "DoesNotExist", nil}}}, false},
	} {
		if have := c.selector.selects(labels); have != c.want {
			t.Errorf("%s: %t, want %t", name, have, c.want)
		}
	}
}

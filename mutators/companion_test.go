package mutators_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/mutators"
)

// Which rule is kept for api.bank.example of namespace shop, and where none may be.
func TestCompanionFor(t *testing.T) {
	const (
		entry = `{kind: ServiceEntry, metadata: {name: bank, namespace: shop}, spec: {hosts: [api.bank.example], resolution: DNS,
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}, {number: 443, name: https, protocol: HTTPS}]}}`
		simple = `{"exportTo":["*"],"host":"api.bank.example","trafficPolicy":{"portLevelSettings":[{"port":{"number":80},"tls":{"mode":"SIMPLE"}}]}}`
	)
	rule := func(namespace, spec string) string {
		return `{kind: DestinationRule, metadata: {name: r, namespace: ` + namespace + `}, spec: ` + spec + `}`
	}
	off := false
	for _, tc := range []struct {
		name     string
		objects  []string
		config   func(*v1alpha1.Mutation)
		exempt   mutators.Exempt
		settings func(*mesh.Settings)
		want     string // the spec
		told     bool
	}{
		{name: "a lone entry", objects: []string{entry}, want: simple},
		{name: "no entry"},
		{name: "an entry for one's own namespace", objects: []string{strings.Replace(entry, "resolution", `exportTo: ["."], resolution`, 1)},
			want: strings.Replace(simple, "*", ".", 1)},
		{name: "a client with a rule of its own", objects: []string{entry, rule("payments", `{host: api.bank.example}`)}, want: simple},
		{name: "a rule in the namespace", objects: []string{entry, rule("shop", `{host: api.bank.example}`)}},
		{name: "a rule in the namespace for its own clients", objects: []string{entry, rule("shop", `{host: api.bank.example, exportTo: ["."]}`)}},
		{name: "a wildcard in the namespace", objects: []string{entry, rule("shop", `{host: "*.bank.example"}`)}},
		{name: "a rule of the root namespace", objects: []string{entry, rule("istio-system", `{host: "*.example"}`)}},
		{name: "a port that a person leads elsewhere", objects: []string{strings.Replace(entry, "targetPort: 443", "targetPort: 80", 1)}},
		{name: "endpoints inside", objects: []string{strings.Replace(entry, "resolution: DNS", "location: MESH_INTERNAL, resolution: STATIC, endpoints: [{address: 10.1.1.1}]", 1)}},
		{name: "a wildcard host", objects: []string{strings.Replace(strings.Replace(entry, "[api", `["*`, 1), ".example]", `.example"]`, 1)}},
		{name: "an exempt host", objects: []string{entry}, exempt: func(namespace, host string) bool { return namespace == "shop" && host == "api.bank.example" }},
		{name: "companions switched off", objects: []string{entry}, config: func(m *v1alpha1.Mutation) { m.Companions = &off }},
		{name: "no TLS for the host", objects: []string{entry}, config: func(m *v1alpha1.Mutation) { m.Origination = []v1alpha1.Origination{} }},
		{name: "two ports", objects: []string{strings.Replace(entry, "{number: 443", "{number: 8080, name: alt, protocol: HTTP, targetPort: 8443}, {number: 443", 1)},
			config: func(m *v1alpha1.Mutation) {
				m.Upgrades = append(m.Upgrades, v1alpha1.Upgrade{Port: 8080, TargetPort: 8443})
			},
			want: strings.Replace(simple, "]}}", `,{"port":{"number":8080},"tls":{"mode":"SIMPLE"}}]}}`, 1)},
		{name: "another entry of the namespace that leads elsewhere", told: true,
			objects: []string{entry, strings.Replace(strings.Replace(entry, "name: bank", "name: abank", 1), "targetPort: 443", "targetPort: 8080", 1)}},
		{name: "a canary for which the port leads elsewhere", settings: canary, told: true, objects: []string{
			strings.Replace(entry, "namespace: shop", "namespace: shop, labels: {istio.io/rev: stable}", 1),
			strings.Replace(strings.Replace(entry, "name: bank, namespace: shop", "name: bank2, namespace: shop, labels: {istio.io/rev: canary}", 1), "targetPort: 443", "targetPort: 80", 1),
			`{kind: Namespace, metadata: {name: till, labels: {istio.io/rev: canary}}}`}},
		{name: "an entry for the canary alone", settings: canary, want: simple, objects: []string{
			strings.Replace(entry, "namespace: shop", "namespace: shop, labels: {istio.io/rev: canary}", 1),
			`{kind: Namespace, metadata: {name: till, labels: {istio.io/rev: canary}}}`}},
		{name: "its name is a person's", objects: []string{entry, strings.Replace(rule("shop", `{host: other.example}`), "name: r", "name: tlsward-api.bank.example", 1)}, told: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			config := v1alpha1.DefaultConfig().Mutation
			if tc.config != nil {
				tc.config(&config)
			}
			settings := mesh.DefaultSettings()
			if tc.settings != nil {
				tc.settings(&settings)
			}
			snap := meshBy(t, settings, tc.objects...)
			c, why, err := mutators.CompanionFor(config, tc.exempt, snap, "shop", "api.bank.example")
			if err != nil {
				t.Fatal(err)
			}
			if got := specOf(t, c); got != tc.want || (why != "") != tc.told {
				t.Fatalf("got %q, want %q; told why: %q", got, tc.want, why)
			}
			if c == nil {
				return
			}
			if !mutators.IsCompanion(c.Rule) || len(c.Owners) != 1 || c.Owners[0].Name != "bank" {
				t.Errorf("%v, owned by %v", c.Rule.Ref, c.Owners)
			}
			again, _, err := mutators.CompanionFor(config, tc.exempt, snap.With(c.Rule), "shop", "api.bank.example")
			if err != nil || specOf(t, again) != tc.want {
				t.Errorf("once it is there: %q, %v", specOf(t, again), err)
			}
		})
	}
}

// Every host has a name that an object may have (RFC 1123), and no two have one.
func TestCompanionRef(t *testing.T) {
	long := strings.Repeat("a123456789.", 22) + "example"
	seen := map[string]bool{}
	hash := sha256.Sum256([]byte("API.bank.example"))
	for _, host := range []string{"a..b", "-a.b", "a-.b", ".a", hex.EncodeToString(hash[:]), "api.bank.example", "API.bank.example", "api.bAnk.example", "api.bank.example.", "a_b.example", long, long + "s"} {
		name := mutators.CompanionRef("shop", host).Name
		if !regexp.MustCompile(`^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$`).MatchString(name) || len(name) > 253 || seen[name] {
			t.Errorf("%s: got %q", host, name)
		}
		seen[name] = true
	}
}

// canary adds a second control plane, beside one of the revision stable.
func canary(s *mesh.Settings) {
	other := *s
	s.Revision, other.Revision = "stable", "canary"
	s.Others = []mesh.Settings{other}
}

func meshBy(t *testing.T, settings mesh.Settings, objects ...string) *mesh.Snapshot {
	t.Helper()
	snap := mesh.New(settings)
	for _, text := range objects {
		o, err := mesh.Decode(manifest(t, text))
		if err != nil {
			t.Fatal(err)
		}
		snap = snap.With(o)
	}
	return snap
}

// manifest returns an object as JSON.
func manifest(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := yaml.YAMLToJSON([]byte("{apiVersion: " + version(text) + ", " + text[1:]))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func version(object string) string {
	if strings.HasPrefix(object, "{kind: Namespace") {
		return "v1"
	}
	return "networking.istio.io/v1"
}

func specOf(t *testing.T, c *mutators.Companion) string {
	t.Helper()
	if c == nil {
		return ""
	}
	var o struct{ Spec json.RawMessage }
	if err := json.Unmarshal(c.Object, &o); err != nil {
		t.Fatal(err)
	}
	return string(o.Spec)
}

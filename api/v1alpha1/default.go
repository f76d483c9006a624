package v1alpha1

// APIVersion and the kinds head every document.
const (
	APIVersion = "tlsward.io/v1alpha1"
	KindConfig = "Config"
	KindSuite  = "Suite"
)

// DefaultConfig returns what holds where a file leaves a field out: port 80 upgraded to 443, and SIMPLE for every host; the
// mesh is that of the cluster. Each call returns a copy of its own.
func DefaultConfig() *Config {
	c := &Config{}
	c.setDefaults()
	return c
}

// setDefaults sets what is unset. A list that is written down stays, also an empty one: `upgrades: []` means none.
func (c *Config) setDefaults() {
	c.APIVersion, c.Kind = APIVersion, KindConfig
	if c.Mutation.Upgrades == nil {
		c.Mutation.Upgrades = []Upgrade{{Port: 80, TargetPort: 443}}
	}
	if c.Mutation.Origination == nil {
		c.Mutation.Origination = []Origination{{Hosts: []string{"*"}, TLS: map[string]any{"mode": "SIMPLE"}}}
	}
}

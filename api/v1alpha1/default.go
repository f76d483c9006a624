package v1alpha1

// APIVersion and Kind head every configuration file.
const (
	APIVersion = "tlsward.io/v1alpha1"
	Kind       = "Config"
)

// DefaultConfig returns what stands where a file says nothing: Istio's own defaults for the mesh, port 80 raised to 443,
// and SIMPLE for every host. Each call gives its own copy.
func DefaultConfig() *Config {
	c := &Config{}
	c.complete()
	return c
}

// complete fills in what is unset. A list that is written down stays, also an empty one: `upgrades: []` means none.
func (c *Config) complete() {
	c.APIVersion, c.Kind = APIVersion, Kind
	c.Mesh.RootNamespace = or(c.Mesh.RootNamespace, "istio-system")
	c.Mesh.TrustDomain = or(c.Mesh.TrustDomain, "cluster.local")
	c.Mesh.ClusterDomain = or(c.Mesh.ClusterDomain, "cluster.local")
	if c.Mutation.Upgrades == nil {
		c.Mutation.Upgrades = []Upgrade{{Port: 80, TargetPort: 443}}
	}
	if c.Mutation.Origination == nil {
		c.Mutation.Origination = []Origination{{Hosts: []string{"*"}, TLS: map[string]any{"mode": "SIMPLE"}}}
	}
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

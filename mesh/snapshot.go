package mesh

// Settings are the mesh-wide facts that Istio takes from its MeshConfig.
type Settings struct {
	RootNamespace      string   `json:"rootNamespace,omitempty"`
	TrustDomain        string   `json:"trustDomain,omitempty"`
	TrustDomainAliases []string `json:"trustDomainAliases,omitempty"`
	ClusterDomain      string   `json:"clusterDomain,omitempty"`
}

// Snapshot is an immutable set of objects. With and Without give a new one that shares almost all of it.
type Snapshot struct {
	settings Settings
}

// New gives the snapshot of these objects. Of two objects with one Ref the later stands.
func New(settings Settings, objects ...*Object) *Snapshot { return &Snapshot{settings: settings} }

// With gives the snapshot after o was created or replaced.
func (s *Snapshot) With(o *Object) *Snapshot { return s }

// Without gives the snapshot after ref was deleted. An unknown ref changes nothing.
func (s *Snapshot) Without(ref Ref) *Snapshot { return s }

// Get gives the object of this name, or nil.
func (s *Snapshot) Get(ref Ref) *Object { return nil }

// Len counts the objects.
func (s *Snapshot) Len() int { return 0 }

// Decode reads one Kubernetes object as JSON. The error names the object and the field. Kinds that the mesh does
// not read give (nil, nil).
func Decode(raw []byte) (*Object, error) { return nil, nil }

// Resolve says what happens to the bytes that the client sends to host:port.
func (s *Snapshot) Resolve(client Client, host string, port uint32) Path { return Path{} }

// Clients lists the vantages from which host can be reached, each standing for all pods that Istio configures alike.
func (s *Snapshot) Clients(host string) []Client { return nil }

// Ports lists the service ports of host, as any client sees it, ascending.
func (s *Snapshot) Ports(host string) []uint32 { return nil }

// Review lists what a review has to answer for: the flows that the object takes part in, as they are in after,
// with what they were in before. object is the Ref that is created, replaced or (absent from after) deleted.
// The order is stable.
func Review(before, after *Snapshot, object Ref) []Flow { return nil }

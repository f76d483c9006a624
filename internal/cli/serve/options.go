package serve

import (
	"time"

	"github.com/tlsward/tlsward/certs"
)

// Options are the flags of serve.
type Options struct {
	// Config is the configuration file, "" for built-in defaults.
	Config string
	// Kubeconfig is the file that names the cluster, "" for the usual places.
	Kubeconfig string
	// Manifests is a directory of the mesh's objects. With it there is no cluster.
	Manifests string
	// Policies are directories of further policies in Rego.
	Policies []string
	// PolicySelector selects the ConfigMaps that hold policies.
	PolicySelector string
	// OPAConfig is OPA's configuration file.
	OPAConfig string
	// IstioNamespace is where Istio's own ConfigMap with the MeshConfig is; "" reads none.
	IstioNamespace string
	// CertDir holds tls.crt and tls.key.
	CertDir string
	// ClientCA is a PEM file: clients must show a certificate of these CAs.
	ClientCA string

	// Bind is the address to listen on, "" for all.
	Bind string
	// Port, MetricsPort and HealthPort are those of the listeners. 0 picks one, -1 is none.
	Port, MetricsPort, HealthPort int

	// MaxConcurrent is how many reviews of one user in one namespace may be in hand at once.
	MaxConcurrent int
	// Patience is how long a denial waits for events that may turn it.
	Patience time.Duration
	// Drain is how long the server answers on after it was told to stop.
	Drain time.Duration
	// AuditInterval is how often all that is stored is judged, beside what changes; 0 for never.
	AuditInterval time.Duration
	// Verbose logs more.
	Verbose bool

	Installation
}

// Installation is what belongs to an installation with several replicas. The chart sets it.
type Installation struct {
	// Namespace holds the Secret and the Leases.
	Namespace string
	// CASecret is the name of the Secret with the CA that the replicas share.
	CASecret string
	// WebhookConfigurations is the name of both webhook configurations.
	WebhookConfigurations string
	// CertNames are the DNS names and IP addresses of the shared CA's certificates.
	CertNames []string
	// LeaderLease is the name of the Lease that elects the leader.
	LeaderLease string
	// CloseWebhook turns the validating webhook to Fail once a denial was seen to arrive.
	CloseWebhook bool
	// Companions keeps DestinationRules for ServiceEntries that no rule covers, as far as Config says so.
	Companions bool
	// Existing looks for what is stored and lacks what the mutating webhook would fill in, and completes it where Config says so.
	Existing bool
	// Exemptions obeys the Exemptions of the cluster, and writes their status.
	Exemptions bool
	// ProbeNamespace is where the known-bad object is sent, as a dry-run.
	ProbeNamespace string
	// Reports keeps what the audit finds as reports of openreports.io or wgpolicyk8s.io.
	Reports bool
	// Events puts what the audit finds on the objects, as Events.
	Events    bool
	Lifetimes certs.Lifetimes
	// CASettle is the time for a new CA bundle to reach every API server.
	CASettle time.Duration
	// Heartbeat is how often a replica says that it lives.
	Heartbeat time.Duration
}

package main

import (
	"time"

	"github.com/spf13/cobra"
)

// serveOptions are the flags of serve.
type serveOptions struct {
	config     string
	kubeconfig string
	manifests  string
	policies   []string
	// policySelector matches the ConfigMaps that hold policies.
	policySelector string
	opaConfig      string
	certDir        string
	clientCA       string

	bind        string
	port        int
	metricsPort int
	healthPort  int

	concurrent int
	patience   time.Duration
	drain      time.Duration
	verbose    bool

	installed
}

func newServeCommand() *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the admission webhooks",
		Long: `Run the mutating and the validating webhook: POST /mutate and POST /validate over HTTPS,
/metrics, /healthz and /readyz on ports of their own.

The mesh is that of the cluster (--kubeconfig, or the pod's own), or the files in --manifests.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.config, "config", "", "configuration file, read again when it changes (default: built-in defaults)")
	f.StringVar(&o.kubeconfig, "kubeconfig", "", "kubeconfig file (default: $KUBECONFIG, else the pod's service account)")
	f.StringVar(&o.manifests, "manifests", "", "take the mesh from the files in this directory, without a cluster")
	f.StringSliceVar(&o.policies, "policies", nil, "directory of further policies in Rego (may be repeated)")
	f.StringVar(&o.policySelector, "policy-selector", "", "take further policies from ConfigMaps in --namespace with these labels, as tlsward.io/policies=true")
	f.StringVar(&o.opaConfig, "opa-config", "", "OPA configuration file: services, keys, bundles of policies, decision_logs")
	f.StringVar(&o.certDir, "cert-dir", "", "serve with tls.crt and tls.key from this directory, read again when they change")
	f.StringVar(&o.clientCA, "client-ca", "", "take reviews only from clients with a certificate of these CAs (a PEM file)")
	f.StringVar(&o.bind, "bind", "", "address to listen on (default: all)")
	f.IntVar(&o.port, "port", 9443, "port of the webhooks; 0 picks one")
	f.IntVar(&o.metricsPort, "metrics-port", 8080, "port of /metrics; 0 picks one, -1 is none")
	f.IntVar(&o.healthPort, "health-port", 8081, "port of /healthz and /readyz; 0 picks one, -1 is none")
	f.IntVar(&o.concurrent, "max-concurrent", 128, "reviews judged at once; more of them wait, then get 429")
	f.DurationVar(&o.patience, "patience", 100*time.Millisecond, "how long a refusal waits for a missing partner that is on its way")
	f.DurationVar(&o.drain, "drain", 5*time.Second, "how long to serve on after SIGTERM, no longer ready")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "log more")
	o.installed.flags(f)
	return cmd
}

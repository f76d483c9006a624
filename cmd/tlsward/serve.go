package main

import (
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tlsward/tlsward/certs"
	"github.com/tlsward/tlsward/controllers/auditor"
	"github.com/tlsward/tlsward/internal/cli/serve"
)

func newServeCommand() *cobra.Command {
	var o serve.Options
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the admission webhooks",
		Long: `Run the mutating and the validating webhook: POST /mutate and POST /validate over HTTPS,
/metrics, /healthz and /readyz on ports of their own.

The mesh is that of the cluster (--kubeconfig, or the pod's own), or the files in --manifests.`,
		Example: `  tlsward serve --config tlsward.yaml
  tlsward serve --manifests mesh/ --bind 127.0.0.1`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve.Run(cmd.Context(), o, cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Config, "config", "", "configuration file, read again when it changes (default: built-in defaults)")
	f.StringVar(&o.Kubeconfig, "kubeconfig", "", "kubeconfig file (default: $KUBECONFIG, else the pod's service account)")
	f.StringVar(&o.Manifests, "manifests", "", "take the mesh from the files in this directory, without a cluster")
	f.StringSliceVar(&o.Policies, "policies", nil, "directory of further policies in Rego (may be repeated)")
	f.StringVar(&o.PolicySelector, "policy-selector", "", "take further policies from ConfigMaps in --namespace with these labels, as tlsward.io/policies=true")
	f.StringVar(&o.OPAConfig, "opa-config", "", "OPA configuration file: services, keys, bundles of policies, decision_logs")
	f.StringVar(&o.IstioNamespace, "istio-namespace", "istio-system", "namespace of Istio's ConfigMap with the MeshConfig, read again when it changes; empty to read none")
	f.StringVar(&o.CertDir, "cert-dir", "", "serve with tls.crt and tls.key from this directory, read again when they change")
	f.StringVar(&o.ClientCA, "client-ca", "", "take reviews only from clients with a certificate of these CAs (a PEM file)")
	f.StringVar(&o.Bind, "bind", "", "address to listen on (default: all)")
	f.IntVar(&o.Port, "port", 9443, "port of the webhooks; 0 picks one")
	f.IntVar(&o.MetricsPort, "metrics-port", 8080, "port of /metrics; 0 picks one, -1 is none")
	f.IntVar(&o.HealthPort, "health-port", 8081, "port of /healthz and /readyz; 0 picks one, -1 is none")
	f.IntVar(&o.MaxConcurrent, "max-concurrent", 128, "reviews of one user in one namespace at once, ten times as many in all; more get 429")
	f.DurationVar(&o.Patience, "patience", 100*time.Millisecond, "how long a refusal waits for a missing partner that is on its way")
	f.DurationVar(&o.Drain, "drain", 5*time.Second, "how long to serve on after SIGTERM, no longer ready")
	f.DurationVar(&o.AuditInterval, "audit-interval", auditor.DefaultInterval, "how often all that is stored is judged for the metrics, beside what changes; 0 for never")
	f.BoolVarP(&o.Verbose, "verbose", "v", false, "log more")
	installationFlags(f, &o.Installation)
	return cmd
}

// installationFlags are those that the chart sets.
func installationFlags(f *pflag.FlagSet, i *serve.Installation) {
	f.StringVar(&i.Namespace, "namespace", os.Getenv("POD_NAMESPACE"), "namespace of the Secret and the Leases (default: $POD_NAMESPACE)")
	f.StringVar(&i.CASecret, "ca-secret", "", "share the CA in this Secret with the other replicas, and rotate it")
	f.StringVar(&i.WebhookConfigurations, "webhook-configurations", "", "name of the webhook configurations that get the CA bundle")
	f.StringSliceVar(&i.CertNames, "cert-name", nil, "DNS name or IP address for the shared CA's certificates (may be repeated)")
	f.StringVar(&i.LeaderLease, "leader-lease", "tlsward-leader", "Lease that elects the leader")
	f.BoolVar(&i.CloseWebhook, "close-webhook", false, "turn the validating webhook to Fail once a refusal was seen to arrive")
	f.BoolVar(&i.Companions, "companions", false, "keep DestinationRules for ServiceEntries that no rule covers, unless the configuration says mutation.companions: false")
	f.BoolVar(&i.Existing, "existing", false, "count what is stored and lacks what the mutating webhook would fill in, and complete it where the configuration says mutation.existing: complete")
	f.BoolVar(&i.Exemptions, "exemptions", false, "obey the Exemptions of the cluster beside those of the configuration, and write their status")
	f.StringVar(&i.ProbeNamespace, "probe-namespace", "default", "namespace for the dry-run of a known-bad object")
	f.BoolVar(&i.Reports, "reports", false, "keep what is wrong with stored objects as reports of openreports.io, or wgpolicyk8s.io")
	f.BoolVar(&i.Events, "events", false, "put what is wrong with stored objects on them, as Events")
	f.DurationVar(&i.Lifetimes.CA, "ca-life", certs.DefaultLifetimes().CA, "life of the shared CA; renewed at two thirds, the rest leaves time for a leader that dies")
	f.DurationVar(&i.Lifetimes.Leaf, "cert-life", certs.DefaultLifetimes().Leaf, "life of the shared CA's certificates; renewed at two thirds")
	f.DurationVar(&i.CASettle, "ca-settle", time.Minute, "time for a new CA bundle to reach every API server")
	f.DurationVar(&i.Heartbeat, "heartbeat", 30*time.Second, "how often a replica says that it lives")
}

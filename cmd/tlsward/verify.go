package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/internal/cli/verify"
)

// envoyAdminPort is the proxyAdminPort of Istio's ProxyConfig, by default (pkg/config/mesh/mesh.go).
const envoyAdminPort = 15000

func newVerifyCommand() *cobra.Command {
	var o verify.Options
	var watch verify.WatchOptions
	cmd := &cobra.Command{
		Use:   "verify [--kubeconfig FILE] [--context NAME] [-n NAMESPACE] [POD...] | [-f PATH...] --dump FILE...",
		Short: "Tell whether tlsward is right about real proxies",
		Long: `Hold the mesh against the configuration that proxies really have, connection by connection: each that a
pod may open by what the mesh declares is walked through the proxy's listeners, routes and clusters, and where it ends is compared
with what tlsward says. Each difference is told with what may be its cause.

Without --dump the proxies of the cluster are asked themselves, by a port-forward to Envoy's admin port as istioctl does: those of the
pods that are named, as POD or POD.NAMESPACE, else all of the namespace of -n, else all. That takes the rights to list pods and to
create (with WebSockets: get) pods/portforward. A dump is what /config_dump?include_eds of a proxy's admin port answers, or what istioctl proxy-config all -o json prints.

With --every it goes on until it is told to stop, and compares again and again: --sample asks so many proxies each time, --metrics serves
what came of it, --events puts what differs on the pods, and --keep keeps it for ` + "`tlsward report`" + `. The chart runs that (verify.enabled).

Exits with 0 if the two agree on everything, 1 if something differs or could not be read, 2 if nothing could be compared.`,
		Example: `  tlsward verify --context production -n shop
  tlsward verify app-0.shop istio-egressgateway-7d9f.istio-system
  istioctl proxy-config all app-0.shop -o json > app-0.json
  tlsward verify --context production --dump app-0.json
  tlsward verify -f mesh/ --dump app-0.json --dump gateway.json -o json
  tlsward verify --context production --every 10m --sample 20 --metrics :8080`,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) > 0 && len(o.Dumps) > 0:
				return errors.New("name pods or dumps of their proxies, not both")
			case len(o.Dumps) == 0 && !o.IsLive():
				return errors.New("name the proxies' configuration: --dump FILE, or their cluster: --kubeconfig, --context")
			case o.Sample < 0:
				return errors.New("--sample: want 0 or more")
			case watch.Every == 0 && (watch.Metrics != "" || watch.Events || watch.Keep != ""):
				return errors.New("--metrics, --events and --keep are for --every")
			}
			o.Pods = args
			if watch.Options = o; watch.Every != 0 {
				return verify.Watch(cmd.Context(), watch, streams(cmd))
			}
			return verify.Run(cmd.Context(), o, streams(cmd))
		},
	}
	addFilename(cmd, &o.Paths)
	addConfig(cmd, &o.Config)
	addCluster(cmd, &o.Source)
	cmd.Flags().StringArrayVar(&o.Dumps, "dump", nil, "`FILE` with a proxy's config dump, or - for standard input (may be repeated)")
	cmd.Flags().Uint16Var(&o.AdminPort, "proxy-admin-port", envoyAdminPort, "port of Envoy's admin interface in the pods")
	cmd.Flags().IntVar(&o.Sample, "sample", 0, "ask so many proxies, chosen at random, where none is named; 0 for all")
	cmd.Flags().DurationVar(&watch.Every, "every", 0, "compare again after that time, until it is told to stop")
	cmd.Flags().StringVar(&watch.Metrics, "metrics", "", "with --every: `ADDRESS` to serve /metrics and /healthz at (:8080, say)")
	cmd.Flags().BoolVar(&watch.Events, "events", false, "with --every: put an Event on each pod whose proxy is not as tlsward says")
	cmd.Flags().StringVar(&watch.Keep, "keep", "", "with --every: ConfigMap (`NAMESPACE/NAME`) to keep the last result in, for tlsward report")
	cmd.Flags().StringVarP(&o.Output, "output", "o", "text", "text or json")
	return cmd
}

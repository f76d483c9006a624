package oracle

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	meshapi "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pilot/pkg/config/memory"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/serviceregistry"
	"istio.io/istio/pilot/pkg/serviceregistry/aggregate"
	memregistry "istio.io/istio/pilot/pkg/serviceregistry/memory"
	"istio.io/istio/pilot/pkg/serviceregistry/provider"
	"istio.io/istio/pilot/pkg/serviceregistry/serviceentry"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/mesh/meshwatcher"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/kube"
	"istio.io/istio/pkg/kube/krt"
	"istio.io/istio/pkg/kube/multicluster"
	"istio.io/istio/pkg/test"
)

// clusters is a cluster without objects. Making one costs as much as all the rest of an environment, so that many
// meshes share one; it is renewed from time to time, for each mesh leaves something behind in it.
type clusters struct {
	controller *multicluster.Controller
	client     kube.CLIClient
	stop       chan struct{}
	used       int
}

// meshesPerCluster bounds what the meshes leave behind.
const meshesPerCluster = 50

func (c *clusters) get(watcher meshwatcher.WatcherCollection) (*multicluster.Controller, error) {
	if c.controller != nil && c.used < meshesPerCluster {
		c.used++
		return c.controller, nil
	}
	if c.stop != nil {
		close(c.stop)
		c.client.Shutdown()
	}
	c.used, c.stop = 1, make(chan struct{})
	client := kube.NewFakeClient()
	c.client = client
	c.controller = multicluster.NewController(multicluster.ControllerOptions{
		Client: client, ClusterID: clusterID, SystemNamespace: rootNamespace, MeshConfig: watcher, Debugger: &krt.DebugHandler{},
	})
	if err := c.controller.Run(c.stop); err != nil {
		return nil, err
	}
	client.RunAndWait(c.stop)
	return c.controller, nil
}

// newEnvironment is pilot/pkg/networking/core NewConfigGenTest with a cluster that many share.
func newEnvironment(t test.Failer, shared *clusters, mesh *meshapi.MeshConfig, configs []config.Config, services []*model.Service) *model.Environment {
	env := model.NewEnvironment()
	watcher := meshwatcher.NewTestWatcher(mesh)
	env.Watcher = watcher
	store := memory.NewController(memory.MakeSkipValidation(collections.PilotGatewayAPI()))
	updater := model.NewEndpointIndexUpdater(env.EndpointIndex)
	debugger := &krt.DebugHandler{}
	routes := model.NewVirtualServiceController(store, model.VSControllerOptions{KrtDebugger: debugger, XDSUpdater: updater}, env.Watcher)
	if err := waitFor(func() bool { return hasOutput(debugger, "DefaultExportTo") }); err != nil {
		t.Fatal(err)
	}
	controller, err := shared.get(watcher)
	if err != nil {
		t.Fatal(err)
	}
	entries := serviceentry.NewController(store, updater, controller, env.Watcher,
		serviceentry.WithClusterID(clusterID), serviceentry.WithKRTDebugger(debugger))
	registry := aggregate.NewController(aggregate.Options{ConfigClusterID: clusterID})
	registry.AddRegistry(entries)
	known := memregistry.NewServiceDiscovery(services...)
	known.XdsUpdater = updater
	known.ClusterID = clusterID
	registry.AddRegistry(serviceregistry.Simple{ClusterID: clusterID, ProviderID: provider.Mock, DiscoveryController: known})
	env.ServiceDiscovery, env.ConfigStore, env.VirtualServiceController = registry, store, routes
	env.NetworksWatcher = meshwatcher.NewFixedNetworksWatcher(nil)
	env.Init()
	for _, c := range configs {
		if _, err := store.Create(c); err != nil {
			t.Fatalf("store %s %s/%s: %v", c.GroupVersionKind.Kind, c.Namespace, c.Name, err)
		}
	}
	stop := test.NewStop(t)
	go registry.Run(stop)
	go store.Run(stop)
	go routes.Run(stop)
	if err := waitFor(store.HasSynced, registry.HasSynced, routes.HasSynced); err != nil {
		t.Fatal(err)
	}
	entries.ResyncEDS()
	if err := env.InitNetworksManager(updater); err != nil {
		t.Fatal(err)
	}
	env.PushContext().InitContext(env, nil, nil)
	return env
}

// hasOutput reports whether one of Istio's collections has been filled. Istio itself does not wait for what exportTo is
// by default, and panics at a VirtualService that comes before.
func hasOutput(debugger *krt.DebugHandler, name string) bool {
	raw, err := json.Marshal(debugger)
	if err != nil {
		return false
	}
	var collections []struct {
		Name  string `json:"name"`
		State struct {
			Outputs map[string]any `json:"outputs"`
		} `json:"state"`
	}
	if err := json.Unmarshal(raw, &collections); err != nil {
		return false
	}
	for _, c := range collections {
		if strings.HasSuffix(c.Name, name) {
			return len(c.State.Outputs) > 0
		}
	}
	return false
}

// waitFor waits until all conditions hold.
func waitFor(conditions ...func() bool) error {
	deadline := time.Now().Add(time.Minute)
	for _, holds := range conditions {
		for !holds() {
			if time.Now().After(deadline) {
				return errors.New("Istio did not come to rest within a minute")
			}
			time.Sleep(100 * time.Microsecond)
		}
	}
	return nil
}

// setUp completes a proxy as istiod does when it connects.
func setUp(env *model.Environment, p *model.Proxy) *model.Proxy {
	p.IstioVersion = model.ParseIstioVersion(p.Metadata.IstioVersion)
	p.ID = "app.test"
	p.DNSDomain = p.ConfigNamespace + ".svc." + clusterDomain
	if len(p.IPAddresses) == 0 {
		p.IPAddresses = []string{"192.0.2.200"}
	}
	p.SetSidecarScope(env.PushContext())
	p.SetServiceTargets(env.ServiceDiscovery)
	addGatewayTargets(env, p)
	p.SetGatewaysForProxy(env.PushContext())
	p.DiscoverIPMode()
	return p
}

package oracle

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/networking/core"
	kubeconv "istio.io/istio/pilot/pkg/serviceregistry/kube"
	"istio.io/istio/pilot/pkg/xds/endpoints"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/host"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/config/schema/resource"
	"istio.io/istio/pkg/log"
	"istio.io/istio/pkg/test"

	"github.com/tlsward/tlsward/mesh"
)

const (
	clusterDomain = "cluster.local"
	clusterID     = "Kubernetes"
)

// newest is the creation time of an object that has none: it is being admitted now, after all others.
var newest = time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)

// Istio is Istio's generator with one mesh loaded.
type Istio struct {
	env       *model.Environment
	generator *core.ConfigGeneratorImpl
}

// Farm makes Istio generators one after another.
type Farm struct{ clusters clusters }

// quiet silences Istio's log once: a mesh makes a hundred lines of it.
var quiet = sync.OnceFunc(func() {
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
})

// Load loads a mesh into Istio's generator, which lives as long as t.
func (f *Farm) Load(t test.Failer, m Mesh) *Istio {
	quiet()
	m, settings, err := m.withoutMeshConfig()
	if err != nil {
		t.Fatal(err)
	}
	var configs []config.Config
	var services []*model.Service
	routed := false
	for _, d := range m {
		routed = routed || isOfGatewayAPI(d)
		switch d.Kind() {
		case "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "BackendTLSPolicy", "ListenerSet", "ReferenceGrant":
		case "Namespace", "KubernetesGateway":
		case "Service":
			s, err := convertService(d)
			if err != nil {
				t.Fatalf("give %s %s/%s to Istio: %v", d.Kind(), d.Namespace(), d.Name(), err)
			}
			services = append(services, s)
		default:
			c, err := convertConfig(d)
			if err != nil {
				t.Fatalf("give %s %s/%s to Istio: %v", d.Kind(), d.Namespace(), d.Name(), err)
			}
			if config.ObjectInRevision(&c, mesh.DefaultRevision) { // as pilot/pkg/config/kube/crdclient does
				configs = append(configs, c)
			}
		}
	}
	env := newEnvironment(t, &f.clusters, settings, configs, services)
	if routed {
		made := convertGatewayAPI(t, m, env.PushContext())
		env = newEnvironment(t, &f.clusters, settings, append(configs, made...), services)
	}
	return newIstio(env)
}

func newIstio(env *model.Environment) *Istio {
	return &Istio{env: env, generator: core.NewConfigGenerator(&model.DisabledCache{})}
}

// build returns the clusters of a proxy.
func (i *Istio) build(p *model.Proxy) ([]*cluster.Cluster, error) {
	resources, _ := i.generator.BuildClusters(p, &model.PushRequest{Push: i.env.PushContext()})
	built := make([]*cluster.Cluster, 0, len(resources))
	for _, r := range resources {
		c := &cluster.Cluster{}
		if err := r.Resource.UnmarshalTo(c); err != nil {
			return nil, fmt.Errorf("read cluster %s: %w", r.Name, err)
		}
		built = append(built, c)
	}
	return built, nil
}

func convertConfig(d Document) (config.Config, error) {
	kind := d["kind"].(string)
	schema, ok := schemaOf(kind)
	if !ok {
		return config.Config{}, fmt.Errorf("Istio has no kind %s", kind)
	}
	raw := d.JSON()
	var object crd.IstioKind
	if err := json.Unmarshal(raw, &object); err != nil {
		return config.Config{}, err
	}
	c, err := crd.ConvertObject(schema, &object, clusterDomain)
	if err != nil {
		return config.Config{}, err
	}
	if c.CreationTimestamp.IsZero() {
		c.CreationTimestamp = newest
	}
	return *c, nil
}

// schemas holds Istio's kinds by name.
var schemas = sync.OnceValue(func() map[string]resource.Schema {
	byKind := map[string]resource.Schema{}
	for _, s := range collections.Pilot.All() {
		byKind[s.Kind()] = s
	}
	return byKind
})

func schemaOf(kind string) (resource.Schema, bool) {
	s, ok := schemas()[kind]
	return s, ok
}

func convertService(d Document) (*model.Service, error) {
	var s corev1.Service
	if err := json.Unmarshal(d.JSON(), &s); err != nil {
		return nil, err
	}
	if s.CreationTimestamp.IsZero() {
		s.CreationTimestamp = metav1.NewTime(newest)
	}
	return kubeconv.ConvertService(s, nil, clusterDomain, clusterID, clusterDomain), nil
}

// errCrashed is wrapped by the error of an answer at which Istio panicked: it has no answer.
var errCrashed = errors.New("Istio crashed")

// Clusters says what the client's proxy does to each host, port and subset that it knows. The error wraps errCrashed
// where Istio panics (1.31 does at outlierDetection for a wildcard host with resolution DYNAMIC_DNS).
func (i *Istio) Clusters(c mesh.Client) (map[Key]Answer, error) {
	answers := map[Key]Answer{}
	err := i.outbound(c, func(key Key, proxy *model.Proxy, cl *cluster.Cluster) error {
		a, err := readCluster(cl, i.load(proxy, cl), key.Port)
		answers[key] = a
		return err
	})
	if err != nil {
		return nil, err
	}
	return answers, nil
}

// outbound walks the clusters with which a client's proxy reaches services.
func (i *Istio) outbound(c mesh.Client, each func(Key, *model.Proxy, *cluster.Cluster) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errCrashed, r)
		}
	}()
	proxy := setUp(i.env, proxyFor(c))
	built, err := i.build(proxy)
	if err != nil {
		return err
	}
	for _, cl := range built {
		key, ok := keyOf(cl.GetName())
		if !ok {
			continue
		}
		if key.Served != "" {
			if err := unwrap(cl); err != nil {
				return fmt.Errorf("read %s: %w", cl.GetName(), err)
			}
		}
		if err := each(key, proxy, cl); err != nil {
			return err
		}
	}
	return nil
}

// keyOf reads a cluster's name; ok is false where that is no cluster for a service. A waypoint's "http/v1" is the
// subset v1 as HTTP.
func keyOf(cluster string) (key Key, ok bool) {
	direction, subset, host, port := model.ParseSubsetKey(cluster)
	key = Key{Host: string(host), Port: uint32(port), Subset: subset}
	if direction == model.TrafficDirectionInboundVIP {
		key.Served, key.Subset, _ = strings.Cut(subset, "/")
	}
	return key, host != "" && (direction == model.TrafficDirectionOutbound || key.Served != "")
}

// external reports whether a cluster's service lies outside the mesh.
func (i *Istio) external(c *cluster.Cluster) bool {
	fields := c.GetMetadata().GetFilterMetadata()["istio"].GetFields()
	if fields["external"].GetBoolValue() {
		return true
	}
	key, _ := keyOf(c.GetName())
	for _, s := range fields["services"].GetListValue().GetValues() {
		svc := i.env.PushContext().ServiceIndex.HostnameAndNamespace[host.Name(key.Host)][s.GetStructValue().GetFields()["namespace"].GetStringValue()]
		if key.Served != "" && svc != nil && svc.MeshExternal {
			return true
		}
	}
	return false
}

// load returns the endpoints of a cluster that asks for them apart, nil for one that carries them.
func (i *Istio) load(proxy *model.Proxy, c *cluster.Cluster) *endpoint.ClusterLoadAssignment {
	if c.GetType() != cluster.Cluster_EDS {
		return nil
	}
	builder := endpoints.NewEndpointBuilder(c.GetName(), proxy, i.env.PushContext())
	return builder.BuildClusterLoadAssignment(i.env.EndpointIndex)
}

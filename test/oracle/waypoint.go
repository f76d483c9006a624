package oracle

import (
	"strings"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	internal "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/internal_upstream/v3"
	"k8s.io/apimachinery/pkg/runtime"

	"istio.io/istio/pilot/pkg/model"
	xdsfake "istio.io/istio/pilot/test/xds"
	kubelib "istio.io/istio/pkg/kube"
	"istio.io/istio/pkg/test"

	"github.com/tlsward/tlsward/mesh"
)

// NewAmbient loads a mesh with waypoints into Istio's discovery server. PILOT_ENABLE_AMBIENT=true must have been in
// the environment when the process started.
func NewAmbient(t test.Failer, m Mesh) *Istio {
	quiet()
	m, mesh, err := m.withoutMeshConfig()
	if err != nil {
		t.Fatal(err)
	}
	options := xdsfake.FakeOptions{MeshConfig: mesh}
	for i, d := range withInfrastructure(m) {
		if labels, _ := d.metadata()["labels"].(map[string]any); !isInRevision(d.Kind(), labels) {
			continue
		}
		o, err := kubeObject(d)
		if err != nil {
			t.Fatalf("give %s %s/%s to Istio: %v", d.Kind(), d.Namespace(), d.Name(), err)
		}
		options.KubernetesObjects = append(options.KubernetesObjects, o)
		switch d.Kind() {
		case "Namespace", "Service", "KubernetesGateway":
			continue
		}
		c, err := convertConfig(d)
		if err != nil {
			t.Fatalf("give object %d to Istio: %v", i, err)
		}
		options.Configs = append(options.Configs, c)
	}
	server := xdsfake.NewFakeDiscoveryServer(t, options)
	if err := waitFor(server.AmbientIndex.HasSynced); err != nil { // that of Istio 1.30 does not wait for it
		t.Fatal(err)
	}
	return newIstio(server.Env())
}

// isInRevision reports whether Istio reads an object with these labels (pkg/config/model.go LabelsInRevision).
func isInRevision(kind string, labels map[string]any) bool {
	_, ok := schemaOf(kind)
	revision, labelled := labels["istio.io/rev"]
	return !ok || kind == "Namespace" || kind == "Service" || kind == "KubernetesGateway" || !labelled || revision == mesh.DefaultRevision
}

func kubeObject(d Document) (runtime.Object, error) {
	d = d.Clone()
	if d.metadata()["creationTimestamp"] == nil {
		d.metadata()["creationTimestamp"] = newest.Format("2006-01-02T15:04:05Z")
	}
	o, _, err := kubelib.IstioCodec.UniversalDeserializer().Decode(d.JSON(), nil, nil)
	return o, err
}

// withInfrastructure adds what a waypoint has once it runs: an address, a Service and a pod. Istio gives them to no Gateway of
// another class.
func withInfrastructure(m Mesh) Mesh {
	out := Mesh{}
	for _, d := range m {
		if d.Kind() != "KubernetesGateway" || d.Spec()["gatewayClassName"] != "istio-waypoint" {
			out = append(out, d)
			continue
		}
		ready := d.Clone()
		ready["status"] = object{"addresses": list{object{"type": "Hostname", "value": waypointHost(d.Namespace())}}}
		selector := object{"gateway.networking.k8s.io/gateway-name": waypointName}
		labels := object{
			"gateway.istio.io/managed":               "istio.io-mesh-controller",
			"gateway.networking.k8s.io/gateway-name": waypointName,
		}
		meta := object{"name": waypointName, "namespace": d.Namespace()}
		withLabels := object{"name": waypointName, "namespace": d.Namespace(), "labels": labels}
		out = append(out, ready,
			Document{"apiVersion": "v1", "kind": "Service", "metadata": withLabels, "spec": object{
				"clusterIP": waypointAddress(d.Namespace(), "0"), "selector": selector,
				"ports": list{object{"name": "mesh", "port": 15008, "appProtocol": "hbone"}},
			}},
			Document{"apiVersion": networkingAPI, "kind": "WorkloadEntry", "metadata": meta, "spec": object{
				"address": waypointAddress(d.Namespace(), "1"), "labels": selector,
			}})
	}
	return out
}

func waypointHost(namespace string) string {
	return waypointName + "." + namespace + ".svc." + clusterDomain
}

func waypointAddress(namespace, last string) string {
	switch namespace {
	case "apps":
		return "203.0.113.1" + last
	case tenantNamespace:
		return "203.0.113.3" + last
	}
	return "203.0.113.2" + last
}

// waypoints lists the waypoints that a mesh may have.
func waypoints() []mesh.Client {
	return []mesh.Client{{Kind: mesh.ClientWaypoint, Namespace: "default"}, {Kind: mesh.ClientWaypoint, Namespace: "apps"}}
}

// WaypointClusters says what a waypoint does to each host, port and subset that it serves.
func (i *Istio) WaypointClusters(c mesh.Client) (map[Key]Answer, error) {
	answers := map[Key]Answer{}
	err := i.outbound(c, func(key Key, _ *model.Proxy, cl *cluster.Cluster) error {
		if key.Served == "" || strings.HasPrefix(key.Host, waypointName+".") {
			return nil
		}
		a, err := readCluster(cl, nil, key.Port)
		key.Served, a.Ports = "", nil // as HTTP and as bytes: alike but for what HTTP alone uses
		answers[key] = a
		return err
	})
	return answers, err
}

// unwrap takes off the tunnel to the mesh's own pods: what lies inside is what a server outside the mesh gets.
func unwrap(c *cluster.Cluster) error {
	if c.GetTransportSocket().GetName() == "" {
		return nil
	}
	var tunnel internal.InternalUpstreamTransport
	if err := c.GetTransportSocket().GetTypedConfig().UnmarshalTo(&tunnel); err != nil {
		return err
	}
	inner := tunnel.GetTransportSocket()
	if inner.GetName() == "" {
		inner = &core.TransportSocket{}
	}
	c.TransportSocket = inner
	return nil
}

// CompareAmbient asks Istio and the model about every cluster of every waypoint.
func CompareAmbient(m Mesh) (Result, error) {
	var r Result
	snapshot, err := Decode(m)
	if err != nil {
		return r, err
	}
	err = test.Wrap(func(t test.Failer) {
		istio := NewAmbient(t, m)
		for _, d := range m {
			if d.Kind() != "KubernetesGateway" {
				continue
			}
			client := mesh.Client{Kind: mesh.ClientWaypoint, Namespace: d.Namespace()}
			answers, err := istio.WaypointClusters(client)
			if err != nil {
				r.Crashed++
				continue
			}
			asked, differs := compareClient(waypointAnswers(snapshot), client, keys(m, answers), answers)
			r.Compared += asked
			r.Found = append(r.Found, differs...)
		}
	})
	return r, err
}

// waypointAnswers asks the model without the ports: a waypoint's own endpoints are tunnels.
func waypointAnswers(snapshot *mesh.Snapshot) asker {
	return func(client mesh.Client, key Key) *Answer {
		if !snapshot.WaypointServes(client, key.Host) {
			return nil
		}
		a := modelAnswer(snapshot, client, key)
		if a != nil {
			a.Ports = nil
		}
		return a
	}
}

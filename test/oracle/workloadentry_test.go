package oracle

import (
	"slices"
	"testing"
	"time"

	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime"

	"istio.io/istio/pilot/pkg/xds/endpoints"
	xdsfake "istio.io/istio/pilot/test/xds"
	"istio.io/istio/pkg/config"

	"github.com/tlsward/tlsward/mesh"
)

const selectedByService = `
apiVersion: v1
kind: Service
metadata: {name: sink, namespace: default}
spec:
  selector: {app: sink}
  clusterIP: 10.0.0.1
  ports: [{port: 80, name: http}]
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: w, namespace: default}
spec: {address: 203.0.113.7, labels: {app: sink}}
`

// TestFormerAddressOfWorkloadEntry sees that a Service keeps the address of a WorkloadEntry that becomes a name, while Istio runs
// (mesh.MeansFormerAddress), and that it has no endpoint for one that was a name from the start.
func TestFormerAddressOfWorkloadEntry(t *testing.T) {
	m, err := ParseMesh(selectedByService)
	if err != nil {
		t.Fatal(err)
	}
	service, err := kubeObject(m[0])
	if err != nil {
		t.Fatal(err)
	}
	entry, err := convertConfig(m[1])
	if err != nil {
		t.Fatal(err)
	}
	named := entry.DeepCopy()
	named.Spec.(*networking.WorkloadEntry).Address = "vm.example.com"

	server := xdsfake.NewFakeDiscoveryServer(t, xdsfake.FakeOptions{KubernetesObjects: []runtime.Object{service}, Configs: []config.Config{entry}})
	hasAddress := func() bool { return slices.Contains(addressesOfSink(server), "203.0.113.7") }
	if err := waitFor(hasAddress); err != nil {
		t.Fatal("the Service has not the address of its WorkloadEntry:", err)
	}
	if _, err := server.Store().Update(named); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	if !hasAddress() {
		t.Error("the Service no longer has the former address")
	}

	server = xdsfake.NewFakeDiscoveryServer(t, xdsfake.FakeOptions{KubernetesObjects: []runtime.Object{service}, Configs: []config.Config{named}})
	time.Sleep(time.Second)
	if got := addressesOfSink(server); len(got) > 0 {
		t.Errorf("got the endpoints %v by name, want none", got)
	}
}

// addressesOfSink returns the addresses to which sidecars send what is for the Service.
func addressesOfSink(server *xdsfake.FakeDiscoveryServer) []string {
	proxy := setUp(server.Env(), proxyFor(mesh.Client{Kind: mesh.ClientSidecar, Namespace: "default"}))
	builder := endpoints.NewEndpointBuilder("outbound|80||sink.default.svc.cluster.local", proxy, server.PushContext())
	var list []string
	for _, group := range builder.BuildClusterLoadAssignment(server.Env().EndpointIndex).GetEndpoints() {
		for _, e := range group.GetLbEndpoints() {
			list = append(list, e.GetEndpoint().GetAddress().GetSocketAddress().GetAddress())
		}
	}
	return list
}

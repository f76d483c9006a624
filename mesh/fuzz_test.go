package mesh_test

import (
	"testing"

	"github.com/tlsward/tlsward/mesh"
)

// Whatever is in a store, even what Istio's own validation would refuse, the model must answer and never panic.
func FuzzObjects(f *testing.F) {
	for _, seed := range []string{
		`{"apiVersion":"networking.istio.io/v1","kind":"ServiceEntry","metadata":{"name":"a","namespace":"default"},"spec":{"hosts":["edition.cnn.com","*.cnn.com",""],"ports":[{"number":80,"name":"http","protocol":"HTTP","targetPort":443},null],"resolution":"DNS","endpoints":[null,{"address":"x","ports":{"http":1}}],"workloadSelector":{"labels":{"a":"b"}}}}`,
		`{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"a","namespace":"default"},"spec":{"host":"edition.cnn.com","exportTo":["."],"trafficPolicy":{"tls":{"mode":"SIMPLE"},"portLevelSettings":[null,{"port":null},{"port":{"number":80},"tls":{}}]},"subsets":[null,{"name":"v1","trafficPolicy":{"tls":{"mode":"DISABLE"}}}],"workloadSelector":{"matchLabels":{"a":"b"}}}}`,
		`{"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"a","namespace":"default"},"spec":{"hosts":["edition.cnn.com"],"gateways":["g","mesh"],"http":[null,{"delegate":{"name":"a"}},{"match":[null,{"port":80}],"route":[null,{"destination":null},{"destination":{"host":"g.istio-system.svc.cluster.local","port":{"number":443}}}],"mirrors":[null],"headers":{"request":{"set":{"host":"x"}}}}],"tls":[null,{"match":[null,{"sniHosts":["*"]}],"route":[null]}],"tcp":[null,{"match":[null],"route":[null]}]}}`,
		`{"apiVersion":"networking.istio.io/v1","kind":"Gateway","metadata":{"name":"g","namespace":"default"},"spec":{"selector":{"istio":"egressgateway"},"servers":[null,{"port":null},{"port":{"number":443,"protocol":"HTTPS"},"hosts":["a/b/c","edition.cnn.com"],"tls":{"mode":"ISTIO_MUTUAL"}}]}}`,
		`{"apiVersion":"networking.istio.io/v1","kind":"Sidecar","metadata":{"name":"s","namespace":"default"},"spec":{"egress":[null,{"hosts":["","a/b/c","~/x","./*"]}],"workloadSelector":{}}}`,
		`{"apiVersion":"networking.istio.io/v1","kind":"WorkloadEntry","metadata":{"name":"w","namespace":"default"},"spec":{"address":"unix:///x","labels":{"a":"b"}}}`,
		`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"default","labels":{"istio.io/dataplane-mode":"ambient","istio.io/use-waypoint":"w"}}}`,
		`{"apiVersion":"v1","kind":"Service","metadata":{"name":"g","namespace":"istio-system"},"spec":{"selector":{"istio":"egressgateway"},"ports":[{"port":443,"name":"https"}]}}`,
		`{"apiVersion":"gateway.networking.k8s.io/v1","kind":"Gateway","metadata":{"name":"w","namespace":"default"},"spec":{"gatewayClassName":"istio-waypoint"}}`,
		`{"apiVersion":"networking.istio.io/v1","kind":"ServiceEntry","metadata":{"name":"a"},"spec":null}`,
	} {
		f.Add([]byte(seed), []byte(seed))
	}
	base := mesh.New(mesh.DefaultSettings(), largeMesh(20)...)
	f.Fuzz(func(t *testing.T, first, second []byte) {
		before := base
		for _, raw := range [][]byte{first, second} {
			o, err := mesh.Decode(raw)
			if err != nil || o == nil {
				continue
			}
			after := before.With(o)
			_, _ = mesh.Review(t.Context(), before, after, o.Ref, nil)
			after.GovernedClusters(o.Ref)
			_, _ = mesh.Review(t.Context(), after, after.Without(o.Ref), o.Ref, nil)
			for _, client := range after.Clients("edition.cnn.com") {
				for _, port := range append(after.Ports("edition.cnn.com"), 0, 80) {
					after.Resolve(client, "edition.cnn.com", port)
				}
			}
			before = after
		}
	})
}

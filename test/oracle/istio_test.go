package oracle

import (
	"testing"

	"istio.io/istio/pkg/test"

	"github.com/tlsward/tlsward/mesh"
)

const published = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: edition-cnn-com, namespace: default}
spec:
  hosts: [edition.cnn.com]
  ports:
  - {number: 80, name: http-port, protocol: HTTP, targetPort: 443}
  - {number: 443, name: https-port, protocol: HTTPS}
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: edition-cnn-com, namespace: default}
spec:
  host: edition.cnn.com
  trafficPolicy:
    portLevelSettings:
    - port: {number: 80}
      tls: {mode: SIMPLE}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  clusterIP: 10.0.0.1
  ports: [{port: 80, name: http}]
`

func TestIstioAnswers(t *testing.T) {
	m, err := ParseMesh(published)
	if err != nil {
		t.Fatal(err)
	}
	istio := new(Farm).Load(t, m)
	got, err := istio.Clusters(mesh.Client{Kind: mesh.ClientSidecar, Namespace: "default"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[Key]string{
		{Host: "edition.cnn.com", Port: 80}:               `SIMPLE sni="" autoSNI=true names=[] autoNames=true insecure=false ports=[443]`,
		{Host: "edition.cnn.com", Port: 443}:              `plaintext sni="" autoSNI=false names=[] autoNames=false insecure=false ports=[443]`,
		{Host: "web.default.svc.cluster.local", Port: 80}: `automatic sni="" autoSNI=false names=[] autoNames=false insecure=false ports=[]`,
	}
	for k, w := range want {
		a := got[k]
		if a.String() != w {
			t.Errorf("%s: got %s, want %s", k, &a, w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d clusters, want %d: %v", len(got), len(want), got)
	}
}

func BenchmarkIstio(b *testing.B) {
	m, err := ParseMesh(published)
	if err != nil {
		b.Fatal(err)
	}
	farm := new(Farm)
	for b.Loop() {
		err := test.Wrap(func(t test.Failer) {
			istio := farm.Load(t, m)
			for _, ns := range []string{"default", "other", "istio-system"} {
				if _, err := istio.Clusters(mesh.Client{Kind: mesh.ClientSidecar, Namespace: ns}); err != nil {
					t.Fatal(err)
				}
			}
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

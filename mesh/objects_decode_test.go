package mesh

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"
)

// All versions of a kind are one kind; a kind of another group is another kind, and most are none of the mesh's.
func TestKindOf(t *testing.T) {
	for _, c := range []struct{ apiVersion, kinds, want string }{
		{"networking.istio.io/v1", "ServiceEntry DestinationRule VirtualService Gateway Sidecar WorkloadEntry", "read"},
		{"networking.istio.io/v1beta1", "ServiceEntry", "read"},
		{"networking.istio.io/v1alpha3", "DestinationRule", "read"},
		{"networking.istio.io/v1", "WorkloadGroup WasmPlugin Service", ""},
		{"networking.istio.io/v1alpha3", "EnvoyFilter", "read"},
		{"networking.istio.io/v1beta1", "ProxyConfig", "read"},
		{"security.istio.io/v1", "PeerAuthentication", "read"},
		{"security.istio.io/v1beta1", "RequestAuthentication", "read"},
		{"extensions.istio.io/v1alpha1", "WasmPlugin", "read"},
		{"extensions.istio.io/v1alpha1", "TrafficExtension", "read"},
		{"security.istio.io/v1", "AuthorizationPolicy", "read"},
		{"security.istio.io/v1", "WasmPlugin", ""},
		{"gateway.networking.k8s.io/v1", "Gateway", "KubernetesGateway"},
		{"gateway.networking.k8s.io/v1", "HTTPRoute GRPCRoute TLSRoute TCPRoute", "read"},
		{"gateway.networking.k8s.io/v1", "UDPRoute", ""},
		{"v1", "Service Namespace", "read"},
		{"v1", "Pod", "read"},
		{"apps/v1", "Deployment StatefulSet DaemonSet ReplicaSet", "read"},
		{"batch/v1", "Job CronJob", "read"},
		{"v1", "ServiceEntry Deployment", ""},
		{"serving.knative.dev/v1", "Service", ""},
		{"", "Service", "read"},
	} {
		for kind := range strings.FieldsSeq(c.kinds) {
			want := c.want
			if want == "read" {
				want = kind
			}
			equal(t, c.apiVersion+" "+kind, kindOf(c.apiVersion, kind), want)
		}
	}
}

func TestDecodeHead(t *testing.T) {
	o, err := Decode([]byte(`{"apiVersion": "networking.istio.io/v1beta1", "kind": "ServiceEntry", "spec": {"hosts": ["edition.cnn.com"]},
	  "status": 5,
		"metadata": {"name": "cnn", "namespace": "default", "labels": {"a": "b"}, "annotations": {"c": "d"},
		  "creationTimestamp": "2026-01-02T03:04:05Z"}}`))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "ref", o.Ref, Ref{KindServiceEntry, "default", "cnn"})
	equal(t, "version", o.APIVersion, "networking.istio.io/v1beta1")
	equal(t, "labels", o.Labels, "map[a:b]")
	equal(t, "annotations", o.Annotations, "map[c:d]")
	equal(t, "created", o.Created.Format(time.RFC3339), "2026-01-02T03:04:05Z")
	equal(t, "hosts", o.Spec.(*networking.ServiceEntry).Hosts, "[edition.cnn.com]")
}

// A spec may be missing, or of any kind that the mesh reads.
func TestDecodeSpec(t *testing.T) {
	for kind, want := range map[string]string{
		KindServiceEntry: "*v1alpha3.ServiceEntry", KindDestinationRule: "*v1alpha3.DestinationRule",
		KindVirtualService: "*v1alpha3.VirtualService", KindGateway: "*v1alpha3.Gateway", KindSidecar: "*v1alpha3.Sidecar",
		KindWorkloadEntry: "*v1alpha3.WorkloadEntry", KindAuthorizationPolicy: "*v1beta1.AuthorizationPolicy",
		KindService: "*mesh.Service", KindKubernetesGateway: "*mesh.KubernetesGateway", KindNamespace: "<nil>",
	} {
		for _, raw := range []string{"", "null", "{}"} {
			spec, _, err := decodeSpec(kind, []byte(raw))
			if err != nil {
				t.Errorf("%s %q: %v", kind, raw, err)
			}
			equal(t, kind+" "+raw, fmt.Sprintf("%T", spec), want)
		}
	}
}

// Fields are read as the API server reads them: "Kind" is not "kind".
func TestDecodeTellsCasesApart(t *testing.T) {
	for _, raw := range []string{`{"apiVersion": "v1", "Kind": "Service"}`, `{"apiVersion": "v1", "kind": "Secret"}`, `{}`} {
		if o, err := Decode([]byte(raw)); o != nil || err != nil {
			t.Errorf("%s: have %v, %v, want nothing", raw, o, err)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{`{`, "read object: unexpected end of JSON input"},
		{`[]`, "read object: json: cannot unmarshal array"},
		{`{"kind": 5}`, "read object: field kind: want string, have number"},
		{`{"metadata": {"labels": {"a": 1}}}`, "read object: field metadata.labels: want string, have number"},
		{`{"metadata": {"creationTimestamp": "yesterday"}}`, "read object: parsing time"},
		{`{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "b"}, "spec": {"ports": [{"port": 80}, {"port": "http"}]}}`,
			"read Service b/a: spec.ports[1].port: field ports.port: want uint32, have string"},
		{`{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "a", "namespace": "b"},
		  "spec": {"gatewayClassName": []}}`,
			"read Gateway (gateway.networking.k8s.io) b/a: spec.gatewayClassName: "},
	} {
		if _, err := Decode([]byte(c.raw)); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: have %v, want %s", c.raw, err, c.want)
		}
	}
}

// What is read fast is read as Istio reads it, in success and in failure.
func TestSpecsAreReadAsIstioReadsThem(t *testing.T) {
	for _, raw := range []string{
		`{}`,
		`{"host":"a.example","trafficPolicy":{"tls":{"mode":"SIMPLE","sni":"a.example","insecureSkipVerify":true}}}`,
		`{"host":"a.example","trafficPolicy":{"tls":{"mode":1}}}`,
		`{"host":"a.example","trafficPolicy":{"tls":{"mode":"simple"}}}`,
		`{"host":"a.example","trafficPolicy":{"tls":{"mode":"NEW_MODE"}}}`,
		`{"host":"a.example","newField":{"x":[1]},"trafficPolicy":{"newField":1}}`,
		`{"host":"a.example","trafficPolicy":null,"subsets":null}`,
		`{"host":"a.example","subsets":[null]}`,
		`{"host":"a.example","host":"b.example"}`,
		`{"host":"a.example","host":null}`,
		`{"host":"a.example","subsets":[{"name":"v1"}],"subsets":[{"name":"v2"}]}`,
		`{"host":"a.example","subsets":[{"name":"v1"},{"name":7}]}`,
		`{"host":7}`,
		`{"host":"a.example","trafficPolicy":{"portLevelSettings":[{"port":{"number":"80"}}]}}`,
		`{"host":"a.example","trafficPolicy":{"portLevelSettings":[{"port":{"number":-1}}]}}`,
		`{"host":"a.example","trafficPolicy":{"connectionPool":{"tcp":{"connectTimeout":"30ms"}}}}`,
		`{"host":"a.example","trafficPolicy":{"connectionPool":{"tcp":{"connectTimeout":"soon"}}}}`,
		`[]`, `"x"`, `{`,
	} {
		var fast, istio networking.DestinationRule
		_, errFast := unmarshalSpec([]byte(raw), &fast)
		errIstio := istio.UnmarshalJSON([]byte(raw))
		if (errFast == nil) != (errIstio == nil) {
			t.Errorf("%s: %v, and as Istio reads it %v", raw, errFast, errIstio)
		}
		if errIstio == nil && !proto.Equal(&fast, &istio) {
			t.Errorf("%s: read as %v, and by Istio as %v", raw, &fast, &istio)
		}
	}
}

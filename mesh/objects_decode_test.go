package mesh

import (
	"testing"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"
)

// What is read fast is read as Istio reads it, in success and in failure.
func TestSpecsAreReadAsIstioReadsThem(t *testing.T) {
	for _, raw := range []string{
		`{}`,
		`{"host":"a.example","trafficPolicy":{"tls":{"mode":"SIMPLE","sni":"a.example","insecureSkipVerify":true}}}`,
		`{"host":"a.example","trafficPolicy":{"tls":{"mode":1}}}`,
		`{"host":"a.example","traffic_policy":{"tls":{"subject_alt_names":["a"]}}}`,
		`{"host":"a.example","trafficPolicy":{"tls":{"mode":"simple"}}}`,
		`{"host":"a.example","trafficPolicy":{"tls":{"mode":"NEW_MODE"}}}`,
		`{"host":"a.example","newField":{"x":[1]},"trafficPolicy":{"newField":1}}`,
		`{"host":"a.example","trafficPolicy":null,"subsets":null}`,
		`{"host":"a.example","subsets":[null]}`,
		`{"host":"a.example","host":"b.example"}`,
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
		errFast, errIstio := unmarshalSpec([]byte(raw), &fast), istio.UnmarshalJSON([]byte(raw))
		if (errFast == nil) != (errIstio == nil) {
			t.Errorf("%s: %v, and as Istio reads it %v", raw, errFast, errIstio)
		}
		if errIstio == nil && !proto.Equal(&fast, &istio) {
			t.Errorf("%s: read as %v, and by Istio as %v", raw, &fast, &istio)
		}
	}
}

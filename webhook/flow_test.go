package webhook

import (
	"encoding/json"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/tlsward/tlsward/webhook/fairqueue"
	"github.com/tlsward/tlsward/webhook/internal/fixture"
)

// The API server marshals the type itself, so the order of its fields is that of the bytes.
func TestFlowOfAReview(t *testing.T) {
	large := create(t, fixture.GoodRule)
	large.UserInfo = authenticationv1.UserInfo{Username: "system:serviceaccount:ci:deployer", Groups: []string{strings.Repeat("g", 2*headSize)}}
	large.Object.Raw = json.RawMessage(`{"spec":"` + strings.Repeat("x", 2*headSize) + `"}`)
	cluster := create(t, fixture.GoodRule)
	cluster.Namespace = ""
	for name, tc := range map[string]struct {
		request *admissionv1.AdmissionRequest
		want    fairqueue.Flow
	}{
		"small":                 {create(t, fixture.GoodRule), fairqueue.Flow{Namespace: "default", User: "alice"}},
		"longer than the head":  {large, fairqueue.Flow{Namespace: "default", User: "system:serviceaccount:ci"}},
		"without a namespace":   {cluster, fairqueue.Flow{User: "alice"}},
		"a review of a removal": {remove(t, fixture.GoodRule), fairqueue.Flow{Namespace: "default", User: "alice"}},
	} {
		t.Run(name, func(t *testing.T) {
			body, err := json.Marshal(admissionv1.AdmissionReview{TypeMeta: reviewType, Request: tc.request})
			if err != nil {
				t.Fatal(err)
			}
			if got := flowOf(body[:min(len(body), headSize)]); got != tc.want {
				t.Errorf("%+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestFlowOfWhatIsNoReview(t *testing.T) {
	for head, want := range map[string]fairqueue.Flow{
		"":                                   {},
		"[]":                                 {},
		`{"request": 7}`:                     {},
		`{"kind": {"a": [1, 2]}, "request":`: {},
		`{"request": {"userInfo": 7, "namespace": "shop"}}`:                        {},
		`{"request": {"namespace": 7, "userInfo": {"username": "alice"}}}`:         {},
		`{"request": {"namespace": "shop", "userInfo": {"username": 7}}}`:          {Namespace: "shop"},
		`{"request": {"namespace": "shop", "userInfo": {"uid": "1"}}}`:             {Namespace: "shop"},
		`{"request": {"namespace": "shop", "userInfo": {"username": "ali`:          {Namespace: "shop"},
		`{"request": {"object": {"namespace": "x"}, "namespace": "shop", "user`:    {Namespace: "shop"},
		`{"request": {"userInfo": {"groups": ["a"], "username": "alice", "uid":1}`: {User: "alice"},
	} {
		if got := flowOf([]byte(head)); got != want {
			t.Errorf("%s: %+v, want %+v", head, got, want)
		}
	}
}

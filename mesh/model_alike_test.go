package mesh

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

// What controllers write all day is not read; what moves a connection is.
func TestAlike(t *testing.T) {
	const (
		service   = `{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop%s}, spec: {clusterIP: 10.0.0.1, selector: {app: web}, ports: [{name: http, port: 80}]%s}}`
		namespace = `{apiVersion: v1, kind: Namespace, metadata: {name: shop%s}}`
		sidecar   = `{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: default, namespace: shop%s}, spec: {egress: [{hosts: ["./*"%s]}]}}`
		entry     = `{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: e, namespace: shop%s}, spec: {hosts: [a.example], ports: [{number: 80, name: http, protocol: HTTP}]}}`
		gateway   = `{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: w, namespace: shop%s}, spec: {gatewayClassName: istio-waypoint}, status: {%s}}`
	)
	for _, c := range []struct {
		name, object   string
		metadata, spec string
		want           bool
	}{
		{"nothing", service, "", "", true},
		{"a version", service, `, resourceVersion: "2", generation: 2`, "", true},
		{"an annotation", service, `, annotations: {lease.example/renewed: "12:00"}`, "", true},
		{"a label", service, `, labels: {team: a}`, "", true},
		{"what is not read of a Service", service, "", ", sessionAffinity: None, internalTrafficPolicy: Local", true},
		{"exportTo", service, `, annotations: {networking.istio.io/exportTo: "."}`, "", false},
		{"a label of Istio", service, `, labels: {istio.io/use-waypoint: w}`, "", false},
		{"a Service of istiod", service, `, labels: {app: istiod}`, "", false},
		{"another address", service, "", ", clusterIPs: [10.0.0.1, 'fd00::1']", false},
		{"another name", service, "", ", externalName: b.example", false},
		{"what an ingress controller reads", service, `, annotations: {traefik.ingress.kubernetes.io/service.serversscheme: https}`, "", false},
		{"terminating", service, `, deletionTimestamp: "2026-01-01T00:00:00Z"`, "", false},
		{"made anew", service, `, creationTimestamp: "2026-01-01T00:00:00Z"`, "", false},
		{"a Namespace's annotation", namespace, `, annotations: {a: b}`, "", true},
		{"a Namespace's label", namespace, `, labels: {a: b}`, "", false},
		{"a Sidecar's annotation", sidecar, `, annotations: {a: b}`, "", true},
		{"a Sidecar's hosts", sidecar, "", `, "istio-system/*"`, false},
		{"an entry's annotation", entry, `, annotations: {a: b}`, "", false},
		{"a Gateway's status", gateway, "", `addresses: [{value: 10.0.0.9}]`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			with := func(metadata, spec string) *Object {
				return decoded(t, strings.Replace(strings.Replace(c.object, "%s", metadata, 1), "%s", spec, 1))
			}
			was, is := with("", ""), with(c.metadata, c.spec)
			if got := Alike(was, is); got != c.want || Alike(is, was) != c.want {
				t.Errorf("alike %t", got)
			}
		})
	}
	if a, b := (&Object{Created: time.Unix(1, 0)}), (&Object{Created: time.Unix(1, 0).UTC()}); !Alike(a, b) {
		t.Error("the zone of a time counts")
	}
}

// An object that differs in any field is another one.
func TestIsAlikeComparesEachField(t *testing.T) {
	other := reflect.ValueOf(Object{
		Ref: Ref{Kind: KindService}, APIVersion: "v1", Labels: map[string]string{"a": "b"}, Annotations: map[string]string{"a": "b"},
		Created: time.Unix(1, 0), Terminating: true, Held: true, UID: "u", Owned: &Owned{}, Status: []HostAddress{{}}, Spec: &Service{}, Unknown: []string{"spec.x"},
	})
	for i := range other.NumField() {
		field := other.Type().Field(i)
		if !field.IsExported() {
			continue // of what istiod makes, which is in no Snapshot
		}
		if other.Field(i).IsZero() {
			t.Fatalf("the other object has no %s", field.Name)
		}
		var o Object
		reflect.ValueOf(&o).Elem().Field(i).Set(other.Field(i))
		if o.isAlike(&Object{}) {
			t.Errorf("%s is not compared", field.Name)
		}
	}
}

package oracle

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"istio.io/istio/pilot/pkg/config/kube/gateway"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/serviceregistry/kube/controller"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/constants"
	"istio.io/istio/pkg/config/schema/gvk"
	"istio.io/istio/pkg/config/schema/gvr"
	kubelib "istio.io/istio/pkg/kube"
	"istio.io/istio/pkg/kube/kclient/clienttest"
	"istio.io/istio/pkg/kube/krt"
	"istio.io/istio/pkg/test"

	"github.com/tlsward/tlsward/mesh"
)

// isKubernetesRoute reports whether an object is a route of the Gateway API.
func isKubernetesRoute(d Document) bool {
	switch d.Kind() {
	case "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute":
		return true
	}
	return false
}

// isOfGatewayAPI reports whether an object is one of which istiod makes others: a route, a policy, or a gateway of the Gateway API.
func isOfGatewayAPI(d Document) bool {
	switch d.Kind() {
	case "BackendTLSPolicy", "ListenerSet":
		return true
	case "KubernetesGateway":
		return d.Spec()["gatewayClassName"] != "istio-waypoint"
	}
	return isKubernetesRoute(d)
}

// backendAge is the age of what istiod makes of BackendTLSPolicies, which has none: it comes before all else. The store in memory
// would take no age for now.
var backendAge = time.Unix(1, 0)

// convertGatewayAPI returns the VirtualServices, Gateways and DestinationRules that istiod's own controller makes of the routes, gateways
// and policies of a mesh, which lives as long as t. push knows the services of the mesh.
func convertGatewayAPI(t test.Failer, m Mesh, push *model.PushContext) []config.Config {
	objects := certificates(m)
	for _, d := range m {
		switch {
		case d.Kind() == "BackendTLSPolicy":
			d = d.Clone()
			d.metadata()["uid"] = d.Namespace() + "/" + d.Name() // istiod tells policies apart by it
			fallthrough
		case d.Kind() == "Namespace", d.Kind() == "Service", d.Kind() == "ServiceEntry", d.Kind() == "ReferenceGrant", isOfGatewayAPI(d):
			o, err := kubeObject(withDefaults(d))
			if err != nil {
				t.Fatalf("give %s %s/%s to Istio: %v", d.Kind(), d.Namespace(), d.Name(), err)
			}
			objects = append(objects, o)
		}
	}
	client := kubelib.NewFakeClient(objects...)
	// Of older bundles Istio reads no TCPRoutes (pkg/config/schema/gatewayapi/minimumversions.go).
	bundle := map[string]string{"gateway.networking.k8s.io/bundle-version": "v1.6.0"}
	for _, crd := range []schema.GroupVersionResource{
		gvr.GatewayClass, gvr.KubernetesGateway, gvr.HTTPRoute, gvr.GRPCRoute, gvr.TLSRoute, gvr.TCPRoute, gvr.ReferenceGrant, gvr.ServiceEntry,
		gvr.ListenerSet, gvr.BackendTLSPolicy,
	} {
		clienttest.MakeCRDWithAnnotations(t, client, crd, bundle)
	}
	stop := make(chan struct{})
	defer client.Shutdown() // waits for what stop ends
	defer close(stop)
	routes := gateway.NewController(client, func(schema.GroupVersionResource, <-chan struct{}) bool { return true },
		controller.Options{DomainSuffix: clusterDomain, Revision: mesh.DefaultRevision, KrtDebugger: &krt.DebugHandler{}}, nil)
	client.RunAndWait(stop)
	go routes.Run(stop)
	routes.Reconcile(push)
	if err := waitFor(routes.HasSynced); err != nil {
		t.Fatal(err)
	}
	var made []config.Config
	for _, c := range routes.List(gvk.VirtualService, "") {
		if c.Annotations[constants.InternalRouteSemantics] == constants.RouteSemanticsGateway {
			made = append(made, c)
		}
	}
	for _, c := range routes.List(gvk.Gateway, "") {
		if isMadeGateway(c) {
			made = append(made, c)
		}
	}
	for _, c := range routes.List(gvk.DestinationRule, "") {
		c.CreationTimestamp = backendAge
		made = append(made, c)
	}
	return made
}

// isMadeGateway reports whether istiod made a Gateway of a listener of the Gateway API.
func isMadeGateway(c config.Config) bool {
	return c.Annotations[constants.InternalGatewaySemantics] == constants.GatewaySemanticsGateway
}

// withDefaults returns an HTTPRoute with what the API server fills in, without which istiod crashes: a match of all paths in each
// rule, and in each match without a path. Any other object is returned as it is.
func withDefaults(d Document) Document {
	if d.Kind() != "HTTPRoute" {
		return d
	}
	d = d.Clone()
	rules, _ := d.Spec()["rules"].(list)
	for _, rule := range rules {
		rule := rule.(object)
		matches, _ := rule["matches"].(list)
		if len(matches) == 0 {
			matches = list{object{}}
		}
		for _, match := range matches {
			if match := match.(object); match["path"] == nil {
				match["path"] = object{"type": "PathPrefix", "value": "/"}
			}
		}
		rule["matches"] = matches
	}
	return d
}

// certificates returns the ConfigMaps of a mesh that BackendTLSPolicies name as their CA's, one for each of their namespaces.
func certificates(m Mesh) []runtime.Object {
	var list []runtime.Object
	made := map[string]bool{}
	for _, d := range m {
		if namespace := d.Namespace(); d.Kind() == "BackendTLSPolicy" && !made[namespace] {
			made[namespace] = true
			list = append(list, &corev1.ConfigMap{
				ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: certificatesName}, Data: map[string]string{"ca.crt": "PEM"},
			})
		}
	}
	return list
}

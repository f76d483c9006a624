package admission

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
)

// besideCase is the update of a small object beside n of what others have stored, or beside what hangs on it.
type besideCase struct {
	name   string
	most   int // how much is stored where it is measured
	stored func(n int) []jsonObject
	// was and is are the object.
	was, is jsonObject
	// factor is by how much four times as much beside it may make the review allocate more.
	factor float64
}

// besideCases are the reviews that looked through all of the cluster's, or made all anew that hangs on their object.
func besideCases() []besideCase {
	gateway := func(namespace, name string, annotation string, listeners []any) jsonObject {
		return jsonObject{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
			"metadata": jsonObject{"name": name, "namespace": namespace, "annotations": jsonObject{"note": annotation}},
			"spec":     jsonObject{"gatewayClassName": "istio", "listeners": listeners}}
	}
	listeners := func(n int, allowed jsonObject) []any {
		return repeated(n, func(i int) any {
			return jsonObject{"name": fmt.Sprint("l", i), "port": 80 + i, "protocol": "HTTP", "allowedRoutes": jsonObject{"namespaces": allowed}}
		})
	}
	same := jsonObject{"from": "Same"}
	front := func(annotation string) jsonObject { return gateway("bank", "front", annotation, listeners(1, same)) }
	namespace := func(name string, labels jsonObject) jsonObject {
		return jsonObject{"apiVersion": "v1", "kind": "Namespace", "metadata": jsonObject{"name": name, "labels": labels}}
	}
	many := func(n int, of func(i int) []jsonObject) []jsonObject {
		var list []jsonObject
		for i := range n {
			list = append(list, of(i)...)
		}
		return list
	}
	in := func(namespace string, o jsonObject) jsonObject {
		o["metadata"].(jsonObject)["namespace"] = namespace
		return o
	}
	route := func(name, namespace string, parents []any) jsonObject {
		return in(namespace, object("gateway.networking.k8s.io/v1", "HTTPRoute", name, jsonObject{"hostnames": []any{name + ".example"}, "parentRefs": parents,
			"rules": []any{jsonObject{"backendRefs": []any{jsonObject{"name": "s", "port": 80}}}}}))
	}
	set := func(annotation string) jsonObject {
		o := object("gateway.networking.k8s.io/v1", "ListenerSet", "more", jsonObject{"parentRef": jsonObject{"name": "front"}, "listeners": listeners(20, same)})
		o["metadata"].(jsonObject)["annotations"] = jsonObject{"note": annotation}
		return in("bank", o)
	}
	open := gateway("bank", "front", "a", listeners(1, same))
	open["spec"].(jsonObject)["allowedListeners"] = jsonObject{"namespaces": same}
	return []besideCase{
		{"Gateway of the Gateway API, beside Services of a waypoint with a policy each", 3000, func(n int) []jsonObject {
			waypoint := gateway("evil", "waypoint", "", []any{jsonObject{"name": "mesh", "port": 15008, "protocol": "HBONE"}})
			waypoint["spec"].(jsonObject)["gatewayClassName"] = "istio-waypoint"
			return append(many(n, func(i int) []jsonObject {
				name := fmt.Sprint("s", i)
				return []jsonObject{
					in("evil", object("v1", "Service", name, jsonObject{"selector": jsonObject{"app": name}, "ports": []any{jsonObject{"port": 80}}})),
					in("evil", object("security.istio.io/v1", "AuthorizationPolicy", name, jsonObject{"targetRefs": []any{jsonObject{"kind": "Service", "name": "other"}}})),
				}
			}), namespace("evil", jsonObject{"istio.io/use-waypoint": "waypoint"}), waypoint)
		}, front("a"), front("b"), 1.2},
		{"Gateway of the Gateway API, beside Ingresses with long annotations", 10, func(n int) []jsonObject {
			return many(n, func(i int) []jsonObject {
				o := in("evil", object("networking.k8s.io/v1", "Ingress", fmt.Sprint("i", i), jsonObject{"rules": []any{jsonObject{"host": "in.example", "http": jsonObject{
					"paths": repeated(1000, func(j int) any {
						return jsonObject{"path": fmt.Sprint("/", j), "pathType": "Prefix", "backend": jsonObject{"service": jsonObject{"name": "s", "port": jsonObject{"number": 80 + j}}}}
					})}}}}))
				o["metadata"].(jsonObject)["annotations"] = jsonObject{"ingress.bluemix.net/ssl-services": strings.Repeat("ssl-service=x ssl-secret=y;", 9000)}
				return []jsonObject{o}
			})
		}, front("a"), front("b"), 1.2},
		{"Namespace, beside Gateways with 20 listeners that select it, and a route of theirs each", 500, func(n int) []jsonObject {
			return append(many(n, func(i int) []jsonObject {
				name := fmt.Sprint("g", i)
				return []jsonObject{
					gateway("evil", name, "", listeners(20, jsonObject{"from": "Selector", "selector": jsonObject{"matchLabels": jsonObject{"team": "bank"}}})),
					route(fmt.Sprint("r", i), "evil", []any{jsonObject{"name": name}}),
				}
			}), namespace("evil", jsonObject{}))
		}, namespace("bank", jsonObject{"team": "other"}), namespace("bank", jsonObject{"team": "bank"}), 6},
		{"Gateway of the Gateway API, with routes at 20 listeners", 2000, func(n int) []jsonObject {
			return many(n, func(i int) []jsonObject {
				return []jsonObject{route(fmt.Sprint("r", i), "bank", []any{jsonObject{"name": "front"}})}
			})
		}, gateway("bank", "front", "a", listeners(20, same)), gateway("bank", "front", "b", listeners(20, same)), 1.2},
		{"ListenerSet, with routes at 20 listeners", 2000, func(n int) []jsonObject {
			return append(many(n, func(i int) []jsonObject {
				return []jsonObject{route(fmt.Sprint("r", i), "bank", []any{jsonObject{"group": "gateway.networking.k8s.io", "kind": "ListenerSet", "name": "more"}})}
			}), open)
		}, set("a"), set("b"), 1.2},
	}
}

// mesh returns the mesh of a case with n beside the object, and the review of that.
func (c besideCase) mesh(t testing.TB, n int) (*mesh.Snapshot, *request) {
	t.Helper()
	q, err := Review{Operation: policies.Update, Object: encoded(t, c.is), OldObject: encoded(t, c.was)}.decode()
	if err != nil {
		t.Fatal(err)
	}
	return wideCase{stored: append(c.stored(n), c.was)}.mesh(t, n), q
}

// BenchmarkWorstBeside measures as BenchmarkWorst does.
func BenchmarkWorstBeside(b *testing.B) {
	patient := patientEvaluator(b)
	for _, c := range besideCases() {
		b.Run(fmt.Sprintf("%s, %d", c.name, c.most), func(b *testing.B) {
			snap, q := c.mesh(b, c.most)
			measureWorst(b, patient, snap, func() *request { return q })
		})
	}
}

// TestReviewStaysSmallBesideOthers holds that what others have stored, and what hangs on an object and stays as it is, costs its review
// nothing, or no more than once each.
func TestReviewStaysSmallBesideOthers(t *testing.T) {
	patient := patientEvaluator(t)
	for _, c := range besideCases() {
		t.Run(c.name, func(t *testing.T) {
			allocated := func(n int) float64 {
				snap, q := c.mesh(t, n)
				return testing.AllocsPerRun(1, func() {
					if _, err := patient.evaluate(t.Context(), q, snap, fixesOfDenials); err != nil {
						t.Fatal(err)
					}
				})
			}
			few, many := allocated(max(2, c.most/40)), allocated(max(8, c.most/10))
			if many > c.factor*few {
				t.Errorf("%.0f allocations beside few, %.0f beside four times as many", few, many)
			}
		})
	}
}

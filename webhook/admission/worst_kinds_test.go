package admission

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
)

// wideCase is an object of a kind that lists n things, and what is stored beside it.
type wideCase struct {
	name   string
	kind   string
	most   int // the widest that is measured: a review decides it
	stored []jsonObject
	object func(n int) jsonObject
	was    func(n int) jsonObject // what the object is an update of; nil where it is created
}

func object(apiVersion, kind, name string, spec any) jsonObject {
	return jsonObject{"apiVersion": apiVersion, "kind": kind, "metadata": jsonObject{"name": name, "namespace": "shop"}, "spec": spec}
}

func istioObject(kind, name string, spec any) jsonObject {
	return object("networking.istio.io/v1", kind, name, spec)
}

func numbered(n int, format string) []any {
	return repeated(n, func(i int) any { return fmt.Sprintf(format, i) })
}

// wideCases are an object of each kind of which anything is listed, for the lists that a review goes over.
func wideCases() []wideCase {
	entry := istioObject("ServiceEntry", "bank", entryOf(bank, "HTTP"))
	rule := istioObject("DestinationRule", "bank", ruleOf(bank, nil))
	gateway := istioObject("Gateway", "gate", jsonObject{
		"selector": jsonObject{"istio": "egressgateway"},
		"servers":  []any{server(80, "HTTP", "*")},
	})
	manyRoutes := func(n int) jsonObject {
		return istioObject("VirtualService", "wide", jsonObject{"hosts": []any{bank}, "gateways": []any{"gate"},
			"http": repeated(n, func(i int) any { return routeTo(bank, jsonObject{"uri": jsonObject{"prefix": fmt.Sprint("/", i)}}) })})
	}
	known := []jsonObject{entry, rule}
	many := func(n int, object func(i int) jsonObject) []jsonObject {
		list := append([]jsonObject{}, known...)
		for i := range n {
			list = append(list, object(i))
		}
		return list
	}
	return append(casesAtGateways(), []wideCase{
		{"hosts", "ServiceEntry", 256, nil, func(n int) jsonObject {
			return istioObject("ServiceEntry", "wide", largeEntry(n, 0, 4))
		}, nil},
		{"ports and hosts", "ServiceEntry", 64, nil, func(n int) jsonObject {
			return istioObject("ServiceEntry", "wide", largeEntry(n, 0, 16))
		}, nil},
		{"addresses", "ServiceEntry", 256, nil, func(n int) jsonObject {
			return istioObject("ServiceEntry", "wide", largeEntry(1, n, 4))
		}, nil},
		{"endpoints", "ServiceEntry", 4096, known, func(n int) jsonObject {
			spec := entryOf(bank, "HTTP")
			spec["resolution"] = "STATIC"
			spec["endpoints"] = repeated(n, func(i int) any { return jsonObject{"address": fmt.Sprintf("192.0.%d.%d", i/256, i%256)} })
			return istioObject("ServiceEntry", "wide", spec)
		}, nil},
		{"subjectAltNames", "ServiceEntry", 1024, known, func(n int) jsonObject {
			spec := entryOf(bank, "HTTP")
			spec["subjectAltNames"] = numbered(n, "n%d.bank.example")
			return istioObject("ServiceEntry", "wide", spec)
		}, nil},
		{"exportTo", "ServiceEntry", 256, known, func(n int) jsonObject {
			spec := entryOf("new.example", "HTTP")
			spec["exportTo"] = numbered(n, "team-%d")
			return istioObject("ServiceEntry", "wide", spec)
		}, nil},
		{"subsets", "DestinationRule", 256, []jsonObject{entry}, func(n int) jsonObject {
			spec := ruleOf(bank, nil)
			spec["subsets"] = repeated(n, func(i int) any {
				return jsonObject{"name": fmt.Sprint("s", i), "labels": jsonObject{"v": fmt.Sprint(i)}, "trafficPolicy": jsonObject{"tls": jsonObject{"mode": "DISABLE"}}}
			})
			return istioObject("DestinationRule", "wide", spec)
		}, nil},
		{"portLevelSettings", "DestinationRule", 256, []jsonObject{entry}, func(n int) jsonObject {
			return istioObject("DestinationRule", "wide", jsonObject{"host": bank, "trafficPolicy": jsonObject{
				"portLevelSettings": repeated(n, func(i int) any {
					return jsonObject{"port": jsonObject{"number": 80 + i}, "tls": jsonObject{"mode": "DISABLE"}}
				})}})
		}, nil},
		{"exportTo", "DestinationRule", 256, []jsonObject{entry}, func(n int) jsonObject {
			spec := ruleOf(bank, nil)
			spec["exportTo"] = numbered(n, "team-%d")
			return istioObject("DestinationRule", "wide", spec)
		}, nil},
		{"routes at a gateway", "VirtualService", 6000, append([]jsonObject{gateway}, known...), manyRoutes, nil},
		{"hosts at a gateway", "VirtualService", 512, append([]jsonObject{gateway}, known...), func(n int) jsonObject {
			o := manyRoutes(64)
			o["spec"].(jsonObject)["hosts"] = numbered(n, "h%d.bank.example")
			return o
		}, nil},
		{"hosts at a gateway that is not there", "VirtualService", 512, known, func(n int) jsonObject {
			o := manyRoutes(64)
			o["spec"].(jsonObject)["hosts"] = numbered(n, "h%d.bank.example")
			return o
		}, nil},
		{"gateways", "VirtualService", 256, known, func(n int) jsonObject {
			o := manyRoutes(64)
			o["spec"].(jsonObject)["gateways"] = numbered(n, "gate-%d")
			return o
		}, nil},
		{"hosts in the mesh", "VirtualService", 256, known, func(n int) jsonObject {
			o := manyRoutes(64)
			o["spec"].(jsonObject)["gateways"] = []any{"mesh"}
			o["spec"].(jsonObject)["hosts"] = append(numbered(n, "h%d.bank.example"), any(bank))
			return o
		}, nil},
		{"exportTo", "VirtualService", 256, known, func(n int) jsonObject {
			o := manyRoutes(16)
			delete(o["spec"].(jsonObject), "gateways")
			o["spec"].(jsonObject)["exportTo"] = numbered(n, "team-%d")
			return o
		}, nil},
		{"tls routes", "VirtualService", 64, append([]jsonObject{gateway}, known...), func(n int) jsonObject {
			return istioObject("VirtualService", "wide", jsonObject{"hosts": numbered(n, "h%d.bank.example"), "gateways": []any{"gate", "mesh"},
				"tls": repeated(n, func(i int) any {
					name := fmt.Sprintf("h%d.bank.example", i)
					return jsonObject{"match": []any{jsonObject{"sniHosts": []any{name}}}, "route": []any{jsonObject{"destination": jsonObject{"host": bank}}}}
				})})
		}, nil},
		{"ranges of a tls route", "VirtualService", 1000, known, func(n int) jsonObject {
			match := jsonObject{"sniHosts": []any{bank}, "destinationSubnets": repeated(n, func(i int) any { return fmt.Sprintf("198.51.%d.%d", i/250, i%250) })}
			return istioObject("VirtualService", "wide", jsonObject{"hosts": []any{bank}, "tls": []any{jsonObject{
				"match": []any{match}, "route": []any{jsonObject{"destination": jsonObject{"host": bank}}}}}})
		}, nil},
		{"servers", "Gateway", 256, append([]jsonObject{manyOf(manyRoutes(16), "gate")}, known...), func(n int) jsonObject {
			return istioObject("Gateway", "gate", jsonObject{"selector": jsonObject{"istio": "egressgateway"},
				"servers": repeated(n, func(i int) any { return server(80+i, "HTTP", "*") })})
		}, nil},
		{"servers for TLS", "Gateway", 256, append([]jsonObject{manyOf(manyRoutes(16), "gate")}, known...), func(n int) jsonObject {
			return istioObject("Gateway", "gate", jsonObject{"selector": jsonObject{"istio": "egressgateway"},
				"servers": repeated(n, func(i int) any {
					s := server(443, "HTTPS", fmt.Sprintf("h%d.bank.example", i))
					s["tls"] = jsonObject{"mode": "ISTIO_MUTUAL"}
					return s
				})})
		}, nil},
		{"hosts", "Gateway", 1024, append([]jsonObject{manyOf(manyRoutes(16), "gate")}, known...), func(n int) jsonObject {
			return istioObject("Gateway", "gate", jsonObject{"selector": jsonObject{"istio": "egressgateway"},
				"servers": []any{jsonObject{"port": jsonObject{"number": 80, "name": "p", "protocol": "HTTP"}, "hosts": numbered(n, "h%d.bank.example")}}})
		}, nil},
		{"beside 2,000 routes on its pods", "Gateway", 4, many(2000, func(i int) jsonObject {
			v := istioObject("VirtualService", fmt.Sprint("route-", i), jsonObject{"hosts": []any{fmt.Sprintf("n%d.bank.example", i)}, "gateways": []any{"gate"},
				"http": []any{jsonObject{"route": []any{jsonObject{"destination": jsonObject{"host": bank}}}}}})
			return v
		}), func(n int) jsonObject {
			return istioObject("Gateway", "gate", jsonObject{"selector": jsonObject{"istio": "egressgateway"},
				"servers": repeated(n, func(i int) any { return server(80+i, "HTTP", "*") })})
		}, nil},
		{"egress", "Sidecar", 256, many(16, func(i int) jsonObject {
			return istioObject("ServiceEntry", fmt.Sprint("entry-", i), entryOf(fmt.Sprintf("n%d.bank.example", i), "HTTP"))
		}), func(n int) jsonObject {
			return istioObject("Sidecar", "wide", jsonObject{"egress": repeated(n, func(i int) any {
				return jsonObject{"port": jsonObject{"number": 80 + i, "name": "p", "protocol": "HTTP"}, "hosts": []any{"./*"}}
			})})
		}, nil},
		{"egress, beside 2,000 entries", "Sidecar", 256, many(2000, func(i int) jsonObject {
			return istioObject("ServiceEntry", fmt.Sprint("entry-", i), entryOf(fmt.Sprintf("n%d.bank.example", i), "HTTP"))
		}), func(n int) jsonObject {
			return istioObject("Sidecar", "wide", jsonObject{"egress": repeated(n, func(i int) any {
				return jsonObject{"port": jsonObject{"number": 80 + i, "name": "p", "protocol": "HTTP"}, "hosts": []any{"./*"}}
			})})
		}, nil},
		{"hosts of egress", "Sidecar", 1024, many(16, func(i int) jsonObject {
			return istioObject("ServiceEntry", fmt.Sprint("entry-", i), entryOf(fmt.Sprintf("n%d.bank.example", i), "HTTP"))
		}), func(n int) jsonObject {
			return istioObject("Sidecar", "wide", jsonObject{"egress": []any{jsonObject{"hosts": numbered(n, "./n%d.bank.example")}}})
		}, nil},
		{"labels", "WorkloadEntry", 64, known, func(n int) jsonObject {
			labels := jsonObject{}
			for i := range n {
				labels[fmt.Sprint("l", i)] = "x"
			}
			return istioObject("WorkloadEntry", "wide", jsonObject{"address": "192.0.2.1", "labels": labels})
		}, nil},
		{"behind entries", "WorkloadEntry", 64, many(256, func(i int) jsonObject {
			return istioObject("ServiceEntry", fmt.Sprint("entry-", i), jsonObject{
				"hosts": []any{fmt.Sprintf("n%d.bank.example", i)}, "resolution": "STATIC", "workloadSelector": jsonObject{"labels": jsonObject{"app": "x"}},
				"ports": []any{jsonObject{"number": 80, "name": "p", "protocol": "HTTP"}}})
		}), func(n int) jsonObject {
			ports := jsonObject{}
			for i := range n {
				ports[fmt.Sprint("p", i)] = 80 + i
			}
			return istioObject("WorkloadEntry", "wide", jsonObject{"address": "192.0.2.1", "labels": jsonObject{"app": "x"}, "ports": ports})
		}, nil},
		{"configPatches", "EnvoyFilter", 256, known, func(n int) jsonObject {
			return istioObject("EnvoyFilter", "wide", jsonObject{"configPatches": repeated(n, func(i int) any {
				return jsonObject{"applyTo": "CLUSTER", "match": jsonObject{"cluster": jsonObject{"service": fmt.Sprintf("n%d.bank.example", i)}},
					"patch": jsonObject{"operation": "MERGE", "value": jsonObject{"transport_socket": jsonObject{"name": "raw"}}}}
			})})
		}, nil},
		{"rules", "AuthorizationPolicy", 512, known, func(n int) jsonObject {
			return object("security.istio.io/v1", "AuthorizationPolicy", "wide", jsonObject{"rules": repeated(n, func(i int) any {
				return jsonObject{"from": []any{jsonObject{"source": jsonObject{"namespaces": []any{fmt.Sprint("team-", i)}}}}}
			})})
		}, nil},
		{"namespaces", "AuthorizationPolicy", 256, known, func(n int) jsonObject {
			return object("security.istio.io/v1", "AuthorizationPolicy", "wide", jsonObject{"rules": []any{
				jsonObject{"from": []any{jsonObject{"source": jsonObject{"namespaces": numbered(n, "team-%d")}}}}}})
		}, nil},
		{"portLevelMtls", "PeerAuthentication", 256, known, func(n int) jsonObject {
			ports := jsonObject{}
			for i := range n {
				ports[fmt.Sprint(8000+i)] = jsonObject{"mode": "DISABLE"}
			}
			return object("security.istio.io/v1", "PeerAuthentication", "wide", jsonObject{
				"selector": jsonObject{"matchLabels": jsonObject{"app": "x"}}, "portLevelMtls": ports})
		}, nil},
		{"jwtRules", "RequestAuthentication", 256, known, func(n int) jsonObject {
			return object("security.istio.io/v1", "RequestAuthentication", "wide", jsonObject{"jwtRules": repeated(n, func(i int) any {
				return jsonObject{"issuer": fmt.Sprint("i", i), "jwksUri": fmt.Sprintf("http://n%d.bank.example/keys", i)}
			})})
		}, nil},
		{"ports", "Service", 100, known, func(n int) jsonObject {
			return object("v1", "Service", "wide", jsonObject{"clusterIP": "None", "ports": repeated(n, func(i int) any {
				return jsonObject{"name": fmt.Sprint("http-", i), "port": 80 + i}
			})})
		}, nil},
		{"ports, beside 64 hosts of others that its namespace holds back", "Service", 4, heldBack(64, 16, 0), manyPorts, nil},
		{"ports, beside 64 hosts of others that its namespace routes away", "Service", 4, heldBack(64, 16, 900), manyPorts, nil},
		{"routes, beside 256 hosts of others that its namespace holds back", "VirtualService", 64, heldBack(256, 0, 0), func(n int) jsonObject {
			return istioObject("VirtualService", "wide", jsonObject{"hosts": []any{"h0.bank.example"}, "exportTo": []any{"."},
				"http": repeated(n, func(i int) any {
					return routeTo("h1.bank.example", jsonObject{"uri": jsonObject{"prefix": fmt.Sprint("/", i)}})
				})})
		}, nil},
		{"ports, beside 256 hosts of others that its namespace holds back", "Service", 4, heldBack(256, 0, 0), manyPorts, nil},
		{"backends", "Ingress", 1024, known, func(n int) jsonObject {
			return object("networking.k8s.io/v1", "Ingress", "wide", jsonObject{"rules": []any{jsonObject{"host": "in.example", "http": jsonObject{
				"paths": repeated(n, func(i int) any {
					return jsonObject{"path": fmt.Sprint("/", i), "pathType": "Prefix", "backend": jsonObject{"service": jsonObject{"name": fmt.Sprint("s", i), "port": jsonObject{"number": 443}}}}
				})}}}})
		}, nil},
		{"listeners", "Gateway of the Gateway API", 64, known, func(n int) jsonObject {
			return object("gateway.networking.k8s.io/v1", "Gateway", "wide", jsonObject{"gatewayClassName": "istio", "listeners": repeated(n, func(i int) any {
				return jsonObject{"name": fmt.Sprint("l", i), "port": 80 + i, "protocol": "HTTP"}
			})})
		}, nil},
		{"rules", "HTTPRoute", 16, known, func(n int) jsonObject {
			return object("gateway.networking.k8s.io/v1", "HTTPRoute", "wide", jsonObject{
				"parentRefs": []any{jsonObject{"group": "networking.istio.io", "kind": "Hostname", "name": bank}},
				"rules": repeated(n, func(i int) any {
					return jsonObject{
						"matches": repeated(8, func(j int) any {
							return jsonObject{"path": jsonObject{"type": "PathPrefix", "value": fmt.Sprintf("/%d/%d", i, j)}}
						}),
						"backendRefs": repeated(16, func(int) any {
							return jsonObject{"group": "networking.istio.io", "kind": "Hostname", "name": bank, "port": 80}
						}),
					}
				})})
		}, nil},
		{"hostnames and rules", "HTTPRoute", 16, append([]jsonObject{object("gateway.networking.k8s.io/v1", "Gateway", "gate", jsonObject{"gatewayClassName": "istio",
			"listeners": []any{jsonObject{"name": "l", "port": 80, "protocol": "HTTP"}}})}, known...), func(n int) jsonObject {
			return object("gateway.networking.k8s.io/v1", "HTTPRoute", "wide", jsonObject{
				"hostnames":  numbered(n, "h%d.bank.example"),
				"parentRefs": []any{jsonObject{"name": "gate"}},
				"rules": repeated(n, func(i int) any {
					return jsonObject{
						"matches": repeated(8, func(j int) any {
							return jsonObject{"path": jsonObject{"type": "PathPrefix", "value": fmt.Sprintf("/%d/%d", i, j)}}
						}),
						"backendRefs": []any{jsonObject{"group": "networking.istio.io", "kind": "Hostname", "name": bank, "port": 80}},
					}
				})})
		}, nil},
		{"rules", "TLSRoute", 16, known, func(n int) jsonObject {
			return object("gateway.networking.k8s.io/v1", "TLSRoute", "wide", jsonObject{
				"hostnames":  numbered(n, "h%d.bank.example"),
				"parentRefs": []any{jsonObject{"group": "networking.istio.io", "kind": "Hostname", "name": bank}},
				"rules": repeated(n, func(int) any {
					return jsonObject{"backendRefs": []any{jsonObject{"group": "networking.istio.io", "kind": "Hostname", "name": bank, "port": 80}}}
				})})
		}, nil},
		{"targetRefs", "BackendTLSPolicy", 16, known, func(n int) jsonObject {
			return object("gateway.networking.k8s.io/v1", "BackendTLSPolicy", "wide", jsonObject{
				"targetRefs": repeated(n, func(i int) any {
					return jsonObject{"group": "networking.istio.io", "kind": "ServiceEntry", "name": fmt.Sprint("n", i)}
				}),
				"validation": jsonObject{"hostname": bank, "wellKnownCACertificates": "System"}})
		}, nil},
	}...)
}

// manyPorts returns a Service with n ports, whose listeners entries for bytes share.
func manyPorts(n int) jsonObject {
	return object("v1", "Service", "wide", jsonObject{"clusterIP": "None", "ports": repeated(n, func(i int) any {
		return jsonObject{"name": fmt.Sprint("http-", i), "port": 80 + i}
	})})
}

// heldBack returns entries and rules of namespace bank for so many hosts, entries of namespace shop for the same by which nothing of its
// pods leaves, Sidecars of shop for pods by selector, and so many routes of shop for other hosts.
func heldBack(hosts, selectors, routes int) []jsonObject {
	var list []jsonObject
	add := func(namespace string, o jsonObject) {
		o["metadata"].(jsonObject)["namespace"] = namespace
		list = append(list, o)
	}
	ports := func(protocol string) []any {
		return repeated(4, func(i int) any { return jsonObject{"number": 80 + i, "name": fmt.Sprint("p", i), "protocol": protocol} })
	}
	for i := range hosts {
		host := fmt.Sprintf("h%d.bank.example", i)
		add("bank", istioObject("ServiceEntry", fmt.Sprint("entry-", i), jsonObject{"hosts": []any{host}, "resolution": "DNS", "ports": ports("HTTP")}))
		add("bank", istioObject("DestinationRule", fmt.Sprint("rule-", i), ruleOf(host, nil)))
		add("shop", istioObject("ServiceEntry", fmt.Sprint("held-", i), jsonObject{"hosts": []any{host}, "location": "MESH_INTERNAL",
			"resolution": "STATIC", "exportTo": []any{"."}, "ports": ports("TCP")}))
	}
	for i := range selectors {
		add("shop", istioObject("Sidecar", fmt.Sprint("pods-", i), jsonObject{"workloadSelector": jsonObject{"labels": jsonObject{"app": fmt.Sprint("x", i)}},
			"egress": []any{jsonObject{"hosts": []any{"*/*"}}}}))
	}
	for i := range routes {
		add("shop", istioObject("VirtualService", fmt.Sprint("route-", i), jsonObject{"hosts": []any{fmt.Sprintf("r%d.example", i)}, "exportTo": []any{"."},
			"http": []any{jsonObject{"route": []any{jsonObject{"destination": jsonObject{"host": fmt.Sprintf("h%d.bank.example", i%hosts)}}}}}}))
	}
	return list
}

// manyOf binds a VirtualService to a gateway and to the mesh.
func manyOf(v jsonObject, gateway string) jsonObject {
	v["spec"].(jsonObject)["gateways"] = []any{gateway, "mesh"}
	return v
}

func server(port int, protocol, host string) jsonObject {
	return jsonObject{"port": jsonObject{"number": port, "name": fmt.Sprint("p", port), "protocol": protocol}, "hosts": []any{host}}
}

func encoded(t testing.TB, o jsonObject) []byte {
	t.Helper()
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// mesh returns the mesh beside which the object of a case is judged, as wide as it may be.
func (c wideCase) mesh(t testing.TB, n int) *mesh.Snapshot {
	t.Helper()
	var objects []*mesh.Object
	stored := slices.Clip(c.stored)
	if c.was != nil {
		stored = append(stored, c.was(n))
	}
	for _, o := range stored {
		decoded, err := mesh.Decode(encoded(t, o))
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, decoded)
	}
	return mesh.New(mesh.DefaultSettings(), objects...)
}

func (c wideCase) review(t testing.TB, n int) *request {
	t.Helper()
	review := Review{Operation: policies.Create, Object: encoded(t, c.object(n)), Namespace: "shop"}
	if c.was != nil {
		review.Operation, review.OldObject = policies.Update, encoded(t, c.was(n))
	}
	q, err := review.decode()
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// patientEvaluator returns an evaluator whose policies have a minute each: a machine with other work is no reason to give up here.
func patientEvaluator(t testing.TB) *Evaluator {
	t.Helper()
	cfg := v1alpha1.DefaultConfig()
	cfg.Evaluation.Timeout = v1alpha1.Duration(time.Minute)
	e, err := NewEvaluator(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// BenchmarkWorstKinds measures as BenchmarkWorst does.
func BenchmarkWorstKinds(b *testing.B) {
	patient := patientEvaluator(b)
	for _, c := range wideCases() {
		snap := c.mesh(b, c.most)
		b.Run(c.kind+", "+c.name, func(b *testing.B) { measureWorst(b, patient, snap, func() *request { return c.review(b, c.most) }) })
	}
}

// mostGrowth is by how much an object four times as wide may make a review allocate more: four times, and room.
const mostGrowth = 8

// TestReviewGrowsWithItsObject holds that what a review allocates, and how often it asks whether its time is up, grows with its object, and
// not with its square. Neither depends on the machine, nor on who else computes there.
func TestReviewGrowsWithItsObject(t *testing.T) {
	patient := patientEvaluator(t)
	for _, c := range wideCases() {
		t.Run(c.kind+", "+c.name, func(t *testing.T) {
			cost := func(n int) (allocated, asked float64) {
				q, snap, ctx := c.review(t, n), c.mesh(t, n), countingContext{t.Context(), &atomic.Int64{}}
				allocated = testing.AllocsPerRun(1, func() {
					if _, err := patient.evaluate(ctx, q, snap, fixesOfDenials); err != nil {
						t.Fatal(err)
					}
				})
				return allocated, float64(ctx.asked.Load())
			}
			small, few := cost(c.most / 4)
			large, many := cost(c.most)
			if large > mostGrowth*small || many > mostGrowth*few {
				t.Errorf("%.0f allocations and %.0f questions for %d, %.0f and %.0f for %d", small, few, c.most/4, large, many, c.most)
			}
		})
	}
}

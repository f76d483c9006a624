package admission

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
)

// jsonObject is a JSON object.
type jsonObject = map[string]any

// manifest returns an object of namespace shop as JSON.
func manifest(t testing.TB, kind, name string, spec any) []byte {
	t.Helper()
	raw, err := json.Marshal(jsonObject{"apiVersion": "networking.istio.io/v1", "kind": kind,
		"metadata": jsonObject{"name": name, "namespace": "shop"}, "spec": spec})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// repeated returns what item returns for each number below n.
func repeated(n int, item func(i int) any) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = item(i)
	}
	return list
}

func entryOf(host, protocol string, addresses ...string) jsonObject {
	return jsonObject{"hosts": []string{host}, "addresses": addresses, "resolution": "DNS", "ports": []jsonObject{{"number": 80, "name": "p", "protocol": protocol}}}
}

// largeEntry returns a ServiceEntry with that many hosts, addresses and ports: for HTTP, or where it has addresses for bytes.
func largeEntry(hosts, addresses, ports int) jsonObject {
	protocol := "HTTP"
	if addresses > 0 {
		protocol = "TCP"
	}
	return jsonObject{
		"hosts":     repeated(hosts, func(i int) any { return fmt.Sprintf("h%d.large.example", i) }),
		"addresses": repeated(addresses, func(i int) any { return fmt.Sprintf("10.1.%d.0/24", i) }),
		"ports":     repeated(ports, func(i int) any { return jsonObject{"number": 80 + i, "name": fmt.Sprint("p", i), "protocol": protocol} }),
	}
}

func routeTo(host string, match jsonObject) jsonObject {
	return jsonObject{"match": []jsonObject{match}, "route": []jsonObject{{"destination": jsonObject{"host": host}}}}
}

func ruleOf(host string, labels jsonObject) jsonObject {
	rule := jsonObject{"host": host, "trafficPolicy": jsonObject{"tls": jsonObject{"mode": "SIMPLE", "sni": host, "subjectAltNames": []string{host}}}}
	if labels != nil {
		rule["workloadSelector"] = jsonObject{"matchLabels": labels}
	}
	return rule
}

const bank = "api.bank.example"

// worstCases are the largest reviews that a tenant can ask for: what is stored, and the object that is created.
func worstCases(t testing.TB) []struct {
	name   string
	stored [][]byte
	object []byte
} {
	routes := func(n int, item func(i int) any) []byte {
		return manifest(t, "VirtualService", "worst", jsonObject{"hosts": []string{bank}, "exportTo": []string{"."}, "http": repeated(n, item)})
	}
	known := [][]byte{manifest(t, "ServiceEntry", "bank", entryOf(bank, "HTTP")), manifest(t, "DestinationRule", "bank", ruleOf(bank, nil))}
	with := func(n int, more func(i int) []byte) [][]byte {
		stored := append([][]byte{}, known...)
		for i := range n {
			stored = append(stored, more(i))
		}
		return stored
	}
	label := func(i int) jsonObject { return jsonObject{fmt.Sprint("padding-", i): "x"} }
	entry := func(i int) []byte {
		return manifest(t, "ServiceEntry", fmt.Sprint("entry-", i), entryOf(fmt.Sprintf("n%d.bank.example", i), "HTTP"))
	}
	labels := jsonObject{}
	for i := range 4000 {
		labels[fmt.Sprint("l", i)] = "x"
	}
	return []struct {
		name   string
		stored [][]byte
		object []byte
	}{
		{"VirtualService, 250 sourceLabels", known, routes(250, func(i int) any { return routeTo(bank, jsonObject{"sourceLabels": label(i)}) })},
		{"VirtualService, 6,000 sourceLabels", known, routes(6000, func(i int) any { return routeTo(bank, jsonObject{"sourceLabels": label(i)}) })},
		{"VirtualService, 10,000 routes", known, routes(10_000, func(i int) any { return routeTo(bank, jsonObject{"uri": jsonObject{"prefix": fmt.Sprint("/", i)}}) })},
		{"VirtualService, 2,500 destinations", known, routes(2500, func(i int) any {
			return routeTo(fmt.Sprintf("n%d.bank.example", i), jsonObject{"uri": jsonObject{"prefix": fmt.Sprint("/", i)}})
		})},
		{"VirtualService, 10,000 destinations", known, routes(10_000, func(i int) any {
			return routeTo(fmt.Sprintf("n%d.bank.example", i), jsonObject{"uri": jsonObject{"prefix": fmt.Sprint("/", i)}})
		})},
		{"VirtualService, 900 Host headers", known, routes(900, func(i int) any {
			route := routeTo(bank, jsonObject{"uri": jsonObject{"prefix": fmt.Sprint("/", i)}})
			route["rewrite"] = jsonObject{"authority": fmt.Sprintf("n%d.bank.example", i)}
			return route
		})},
		{"DestinationRule, beside 250 by selector", with(250, func(i int) []byte {
			return manifest(t, "DestinationRule", fmt.Sprint("rule-", i), ruleOf(bank, label(i)))
		}), manifest(t, "DestinationRule", "worst", ruleOf(bank, label(-1)))},
		{"DestinationRule, beside 1,000 by selector", with(1000, func(i int) []byte {
			return manifest(t, "DestinationRule", fmt.Sprint("rule-", i), ruleOf(bank, label(i)))
		}), manifest(t, "DestinationRule", "worst", ruleOf(bank, label(-1)))},
		{"DestinationRule, 4,000 labels", known, manifest(t, "DestinationRule", "worst", ruleOf(bank, labels))},
		{"DestinationRule, wildcard over 10,000 hosts", with(10_000, entry), manifest(t, "DestinationRule", "worst", ruleOf("*.bank.example", nil))},
		{"ServiceEntry for bytes with an address, beside 10,000 hosts", with(10_000, entry),
			manifest(t, "ServiceEntry", "worst", entryOf("tcp.other.example", "TCP", "10.1.2.0/24"))},
		{"ServiceEntry, 256 hosts with 4 ports", known, manifest(t, "ServiceEntry", "worst", largeEntry(256, 0, 4))},
		{"ServiceEntry, 256 addresses with 4 ports", known, manifest(t, "ServiceEntry", "worst", largeEntry(1, 256, 4))},
		{"ServiceEntry, 16 hosts with 16 addresses and 4 ports", known, manifest(t, "ServiceEntry", "worst", largeEntry(16, 16, 4))},
	}
}

// BenchmarkWorst measures the CPU time of a whole review beyond the decoding of its bytes, garbage collection included:
// what the clock says depends on who else computes. refused is 1 where the object is over a limit.
func BenchmarkWorst(b *testing.B) {
	for _, c := range worstCases(b) {
		var stored []*mesh.Object
		for _, raw := range c.stored {
			o, err := mesh.Decode(raw)
			if err != nil {
				b.Fatal(err)
			}
			stored = append(stored, o)
		}
		snap := mesh.New(mesh.DefaultSettings(), stored...)
		b.Run(c.name, func(b *testing.B) {
			measureWorst(b, testEvaluator(b), snap, func() *request {
				q, err := Review{Operation: policies.Create, Object: c.object, Namespace: "shop"}.decode()
				if err != nil {
					b.Fatal(err)
				}
				return q
			})
		})
	}
}

// heapFloor is what serve holds so that garbage is collected less often where the mesh is small (internal/cli/serve).
const heapFloor = 64 << 20

// measureWorst measures what b's benchmark takes for the reviews that next returns.
func measureWorst(b *testing.B, e *Evaluator, snap *mesh.Snapshot, next func() *request) {
	b.Helper()
	floor := make([]byte, heapFloor)
	defer runtime.KeepAlive(floor)
	var spent time.Duration
	refused := 0.0
	for range b.N {
		q := next()
		begin := cpuTime(b)
		_, err := e.evaluate(b.Context(), q, snap, fixesOfDenials)
		spent += cpuTime(b) - begin
		var limit *mesh.LimitError
		if errors.As(err, &limit) {
			refused = 1
		} else if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(spent.Microseconds())/1000/float64(b.N), "cpu-ms/op")
	b.ReportMetric(refused, "refused")
	b.ReportMetric(0, "ns/op")
}

// cpuTime is what this process has computed.
func cpuTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

package admission

import (
	"encoding/json"
	"fmt"
	"testing"
)

// jsonObject is a JSON object.
type jsonObject = map[string]any

// manifest returns an object of namespace shop as JSON.
func manifest(t testing.TB, kind, name string, spec any) []byte {
	t.Helper()
	return manifestOf(t, "networking.istio.io/v1", kind, jsonObject{"name": name, "namespace": "shop"}, spec)
}

// manifestOf returns an object of any group as JSON.
func manifestOf(t testing.TB, apiVersion, kind string, metadata jsonObject, spec any) []byte {
	t.Helper()
	raw, err := json.Marshal(jsonObject{"apiVersion": apiVersion, "kind": kind, "metadata": metadata, "spec": spec})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// repeated returns what item returns for each number below n.
func repeated[T any](n int, item func(i int) T) []T {
	list := make([]T, n)
	for i := range list {
		list[i] = item(i)
	}
	return list
}

// numbered returns a function that puts a number into a text.
func numbered(format string) func(i int) string {
	return func(i int) string { return fmt.Sprintf(format, i) }
}

// labelsOf returns n labels.
func labelsOf(n int) jsonObject {
	labels := jsonObject{}
	for i := range n {
		labels[fmt.Sprint("l", i)] = "x"
	}
	return labels
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
		"hosts":     repeated(hosts, numbered("h%d.large.example")),
		"addresses": repeated(addresses, numbered("10.1.%d.0/24")),
		"ports":     portsOf(ports, protocol),
	}
}

func portsOf(n int, protocol string) []jsonObject {
	return repeated(n, func(i int) jsonObject {
		return jsonObject{"number": 80 + i, "name": fmt.Sprint("p", i), "protocol": protocol}
	})
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

// knownBank is an entry for HTTP under TLS.
func knownBank(t testing.TB) [][]byte {
	return [][]byte{manifest(t, "ServiceEntry", "bank", entryOf(bank, "HTTP")), manifest(t, "DestinationRule", "bank", ruleOf(bank, nil))}
}

// withBank returns knownBank and n objects more.
func withBank(t testing.TB, n int, more func(i int) []byte) [][]byte {
	return append(knownBank(t), repeated(n, more)...)
}

// entryOfBank returns a function for entries of hosts below the bank's domain.
func entryOfBank(t testing.TB) func(i int) []byte {
	return func(i int) []byte {
		return manifest(t, "ServiceEntry", fmt.Sprint("entry-", i), entryOf(fmt.Sprintf("n%d.bank.example", i), "HTTP"))
	}
}

func padding(i int) jsonObject { return jsonObject{fmt.Sprint("padding-", i): "x"} }

func underPath(i int) jsonObject { return jsonObject{"uri": jsonObject{"prefix": fmt.Sprint("/", i)}} }

// ambientShop makes namespace shop one of ztunnel's.
func ambientShop(t testing.TB) []byte {
	return manifestOf(t, "v1", "Namespace", jsonObject{"name": "shop", "labels": jsonObject{"istio.io/dataplane-mode": "ambient"}}, jsonObject{})
}

package oracle

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"istio.io/istio/pkg/test"

	"github.com/tlsward/tlsward/mesh"
)

// Disagreement is one question to which Istio and the model gave different answers.
type Disagreement struct {
	Client mesh.Client
	Key    Key
	Istio  string
	Model  string
}

// String gives the question and both answers.
func (d Disagreement) String() string {
	return fmt.Sprintf("%s -> %s\n  istio: %s\n  model: %s", d.Client, d.Key, d.Istio, d.Model)
}

// absent is the answer where no cluster is built.
const absent = "no cluster"

// Vantages lists the clients that are asked about every mesh.
func Vantages() []mesh.Client {
	var clients []mesh.Client
	for _, namespace := range []string{"default", "apps", rootNamespace, emptyNamespace} {
		clients = append(clients, mesh.Client{Kind: mesh.ClientSidecar, Namespace: namespace})
		if namespace == emptyNamespace {
			continue
		}
		for _, labels := range []map[string]string{{"app": "curl"}, {"app": "curl", "tier": "web"}} {
			clients = append(clients, mesh.Client{Kind: mesh.ClientSidecar, Namespace: namespace, Labels: labels})
		}
	}
	for _, namespace := range []string{rootNamespace, "apps"} {
		clients = append(clients, mesh.Client{
			Kind: mesh.ClientGateway, Namespace: namespace, Labels: map[string]string{"istio": "egressgateway"},
		})
	}
	return clients
}

// Decode gives the model's view of the mesh.
func Decode(m Mesh) (*mesh.Snapshot, error) {
	var objects []*mesh.Object
	for _, d := range m {
		o, err := mesh.Decode(d.JSON())
		if err != nil {
			return nil, fmt.Errorf("decode %s %s/%s: %w", d.Kind(), d.Namespace(), d.Name(), err)
		}
		if o != nil {
			objects = append(objects, o)
		}
	}
	return mesh.New(mesh.DefaultSettings(), objects...), nil
}

// Compare asks Istio and the model about every cluster of every vantage. It stops at the first disagreement of a
// client, for one cause shows in many clusters.
func Compare(m Mesh) (questions int, found []Disagreement, err error) {
	snapshot, err := Decode(m)
	if err != nil {
		return 0, nil, err
	}
	err = test.Wrap(func(t test.Failer) {
		istio := NewIstio(t, m)
		for _, client := range Vantages() {
			answers, err := istio.Clusters(client)
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range keys(m, answers) {
				questions++
				theirs := answerOf(answers, key)
				ours := modelAnswer(snapshot, client, key)
				if theirs != ours {
					found = append(found, Disagreement{Client: client, Key: key, Istio: theirs, Model: ours})
					break
				}
			}
		}
	})
	return questions, found, err
}

// keys lists what to ask: all that Istio answers, and all that the objects name.
func keys(m Mesh, answers map[Key]Answer) []Key {
	all := map[Key]bool{}
	for k := range answers {
		all[k] = true
		all[Key{Host: k.Host, Port: k.Port}] = true
	}
	for _, d := range m {
		for _, host := range strings_(d.Spec()["hosts"]) {
			for _, port := range []uint32{80, 443, 8080, 3306, 27017} {
				all[Key{Host: host, Port: port}] = true
				all[Key{Host: host, Port: port, Subset: "v1"}] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b Key) int { return strings.Compare(a.String(), b.String()) })
}

func strings_(v any) []string {
	var out []string
	values, _ := v.(list)
	for _, e := range values {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func answerOf(answers map[Key]Answer, key Key) string {
	a, ok := answers[key]
	if !ok {
		return absent
	}
	return a.String()
}

func modelAnswer(snapshot *mesh.Snapshot, client mesh.Client, key Key) string {
	c, ok := snapshot.Cluster(client, key.Host, key.Port, key.Subset)
	if !ok {
		return absent
	}
	h := c.Hop
	return Answer{
		Mode: h.TLS, SNI: h.SNI, AutoSNI: h.AutoSNI, Names: h.Names, AutoNames: h.AutoNames,
		Insecure: h.Insecure, Ports: c.TargetPorts,
	}.normal().String()
}

package oracle

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"istio.io/istio/pkg/test"

	"github.com/tlsward/tlsward/mesh"
)

// Disagreement is one cluster or route to which Istio and the model gave different answers. A nil answer: no cluster.
type Disagreement struct {
	Client mesh.Client
	Key    Key
	Istio  *Answer
	Model  *Answer
	// Routes are Istio's and the model's answers where what was compared is not what a cluster is, but which are taken by
	// what is meant for Key, of this protocol.
	Routes   *[2]string
	Protocol string
	// SNI is that of the TLS in which it comes to a gateway, "" for plaintext.
	SNI string
}

// String returns what was compared and both answers.
func (d Disagreement) String() string {
	if d.Routes != nil {
		return fmt.Sprintf("%s -> %s in TLS of %q (%s)\n  istio: %s\n  model: %s", d.Client, d.Key, d.SNI, d.Class(), d.Routes[0], d.Routes[1])
	}
	return fmt.Sprintf("%s -> %s (%s)\n  istio: %s\n  model: %s", d.Client, d.Key, d.Class(), d.Istio, d.Model)
}

// Class says in what the answers differ. Two disagreements of one class may still have different causes.
func (d Disagreement) Class() string {
	if d.Routes != nil {
		return "routes " + d.Protocol
	}
	class := string(d.Client.Kind)
	if d.Key.Subset != "" {
		class += " subset"
	}
	switch {
	case d.Istio == nil:
		return class + " surplus"
	case d.Model == nil:
		return class + " missing"
	}
	for _, field := range d.Istio.differs(*d.Model) {
		class += " " + field
	}
	return class
}

// Clients lists the clients that are asked about every mesh, the gateways first: Istio lends a gateway the scope of
// the sidecars of its namespace once one of those has been asked, and then prefers services of that namespace
// (pilot/pkg/model/push_context.go doGetSidecarScope). A gateway of its own namespace never gets that.
func Clients() []mesh.Client {
	var clients []mesh.Client
	for _, namespace := range []string{rootNamespace, "apps"} {
		clients = append(clients, mesh.Client{
			Kind: mesh.ClientGateway, Namespace: namespace, Labels: map[string]string{"istio": "egressgateway"},
		})
	}
	for _, namespace := range []string{"default", "apps", rootNamespace, emptyNamespace} {
		clients = append(clients, mesh.Client{Kind: mesh.ClientSidecar, Namespace: namespace})
		if namespace == emptyNamespace {
			continue
		}
		for _, labels := range []map[string]string{{"app": "curl"}, {"app": "curl", "tier": "web"}} {
			clients = append(clients, mesh.Client{Kind: mesh.ClientSidecar, Namespace: namespace, Labels: labels})
		}
	}
	return clients
}

// Decode returns the model's view of the mesh.
func Decode(m Mesh) (*mesh.Snapshot, error) {
	settings, err := m.settings()
	if err != nil {
		return nil, err
	}
	var objects []*mesh.Object
	for _, d := range m {
		if d.Kind() == kindMeshConfig {
			continue
		}
		o, err := mesh.Decode(d.JSON())
		if err != nil {
			return nil, fmt.Errorf("decode %s %s/%s: %w", d.Kind(), d.Namespace(), d.Name(), err)
		}
		if o != nil {
			objects = append(objects, o)
		}
	}
	return mesh.New(settings, objects...), nil
}

// Result is what came of one mesh.
type Result struct {
	// Compared counts what was compared.
	Compared int
	// Routed counts those of them that routes answer.
	Routed int
	// LeftOut counts what was not compared, by the reason.
	LeftOut map[string]int
	// Crashed counts the clients at which Istio panicked: those have no answer to compare with.
	Crashed int
	Found   []Disagreement
}

// Compare asks Istio and the model about every cluster of every client. It goes to the next client at the first
// disagreement, for one cause shows in many clusters.
func (f *Farm) Compare(m Mesh) (Result, error) {
	return f.each(m, Clients(), func(r *Result, snapshot *mesh.Snapshot, istio *Istio, client mesh.Client) error {
		answers, err := istio.Clusters(client)
		if err != nil {
			return err
		}
		asked, differs := compareClient(askerOf(snapshot), client, keys(m, answers), answers)
		r.Compared += asked
		r.Found = append(r.Found, differs...)
		return nil
	})
}

// each loads a mesh and compares what is said to each client. An error that wraps errCrashed counts as a client at
// which Istio crashed.
func (f *Farm) each(m Mesh, clients []mesh.Client, compare func(*Result, *mesh.Snapshot, *Istio, mesh.Client) error) (Result, error) {
	var r Result
	snapshot, err := Decode(m)
	if err != nil {
		return r, err
	}
	err = test.Wrap(func(t test.Failer) {
		istio := f.Load(t, m)
		for _, client := range clients {
			switch err := compare(&r, snapshot, istio, client); {
			case errors.Is(err, errCrashed):
				r.Crashed++
			case err != nil:
				t.Fatal(err)
			}
		}
	})
	return r, err
}

// asker returns the model's answer for one cluster, nil for none.
type asker func(mesh.Client, Key) *Answer

// askerOf asks the model. The namespace without objects is one of those for which AnyNamespace stands.
func askerOf(snapshot *mesh.Snapshot) asker {
	return func(client mesh.Client, key Key) *Answer {
		if client.Namespace == emptyNamespace {
			client.Namespace = mesh.AnyNamespace
		}
		return modelAnswer(snapshot, client, key)
	}
}

func compareClient(model asker, client mesh.Client, asked []Key, answers map[Key]Answer) (int, []Disagreement) {
	for i, key := range asked {
		d := Disagreement{Client: client, Key: key, Model: model(client, key)}
		if a, ok := answers[key]; ok {
			d.Istio = &a
		}
		if d.Istio.String() != d.Model.String() {
			return i + 1, []Disagreement{d}
		}
	}
	return len(asked), nil
}

// keys lists what to ask: all that Istio answers, and all that the objects name.
func keys(m Mesh, answers map[Key]Answer) []Key {
	all := map[Key]bool{}
	for k := range answers {
		all[k] = true
	}
	for _, d := range m {
		hosts, _ := d.Spec()["hosts"].(list)
		for _, host := range hosts {
			for _, port := range []uint32{80, 443, 8080, 3306, 27017} {
				name, _ := host.(string)
				all[Key{Host: name, Port: port}] = true
				all[Key{Host: name, Port: port, Subset: "v1"}] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b Key) int { return strings.Compare(a.String(), b.String()) })
}

func modelAnswer(snapshot *mesh.Snapshot, client mesh.Client, key Key) *Answer {
	c, ok := snapshot.Cluster(client, key.Host, key.Port, key.Subset)
	if !ok {
		return nil
	}
	h := c.Hop
	a := Answer{
		Mode: h.TLS, Auto: c.AutoMTLS, SNI: h.SNI, AutoSNI: h.AutoSNI, Names: h.Names, AutoNames: h.AutoNames,
		Insecure: h.Insecure, Ports: c.TargetPorts,
	}.normal()
	return &a
}

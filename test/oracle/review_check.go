package oracle

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	"google.golang.org/protobuf/encoding/prototext"

	"istio.io/istio/pilot/pkg/model"

	"github.com/tlsward/tlsward/mesh"
)

func readDocument(raw []byte) (Document, error) {
	var d Document
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("read the mutated object: %w", err)
	}
	return d, nil
}

// sidecars are the clients for which admissions are checked.
func sidecars() []mesh.Client {
	return slices.DeleteFunc(Clients(), func(c mesh.Client) bool { return c.Kind != mesh.ClientSidecar })
}

// checkPatch sees that the patch gives TLS to all whom it meant to cover, and takes nothing else from anybody.
func (c *ReviewChecker) checkPatch(v *Verdict, q Review, mutated Document, unpatched, patched *Istio) {
	for _, client := range c.Clients {
		was, ok := ask(v, unpatched, client)
		is, also := ask(v, patched, client)
		if !ok || !also {
			continue
		}
		for _, key := range sortedKeys(was.answers) {
			v.Checked++
			old, now := was.answers[key], is.answers[key]
			if old.TLS() && !now.TLS() {
				v.Wrong = append(v.Wrong, fmt.Sprintf("the patch takes TLS from %s -> %s: %s, then %s", client, key, &old, &now))
			}
			if was.settings[key] != is.settings[key] {
				v.Wrong = append(v.Wrong, fmt.Sprintf("the patch changes more than TLS for %s -> %s: %s, then %s",
					client, key, was.settings[key], is.settings[key]))
			}
		}
	}
	for _, g := range claimed(q, mutated) {
		client := g.Client
		if client.Namespace == mesh.AnyNamespace {
			client.Namespace = emptyNamespace
		}
		if !c.asks(client.Kind) {
			continue
		}
		is, ok := ask(v, patched, client)
		a, built := is.at(Key{Host: g.Host, Port: g.Port, Subset: g.Subset})
		if v.Checked++; ok && (!built || !a.TLS()) {
			v.Wrong = append(v.Wrong, fmt.Sprintf("the patch was to cover %s -> %s:%d/%s: %s", client, g.Host, g.Port, g.Subset, &a))
		}
	}
}

// asks reports whether the checker's clients are of this kind.
func (c *ReviewChecker) asks(kind mesh.ClientKind) bool {
	return slices.ContainsFunc(c.Clients, func(client mesh.Client) bool { return client.Kind == kind })
}

// at returns the answer for a cluster. A waypoint has that of a host for which it stands as HTTP or as bytes.
func (v view) at(key Key) (a Answer, built bool) {
	for _, served := range []string{"http", "tcp", ""} {
		key.Served = served
		if a, built = v.answers[key]; built {
			break
		}
	}
	return a, built
}

// claimed lists the clusters that are under TLS by the rule as mutated, and were not as written.
func claimed(q Review, mutated Document) []mesh.GovernedCluster {
	if mutated.Kind() != mesh.KindDestinationRule {
		return nil
	}
	ref := mesh.Ref{Kind: mutated.Kind(), Namespace: mutated.Namespace(), Name: mutated.Name()}
	after, err := Decode(q.After(mutated))
	if err != nil {
		return nil
	}
	written, err := Decode(q.After(q.Object))
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(after.GovernedClusters(ref), func(g mesh.GovernedCluster) bool {
		old, _ := written.Cluster(g.Client, g.Host, g.Port, g.Subset)
		return !g.Cluster.Originated() || old.Originated()
	})
}

// checkAdmission sees that nobody who was under TLS is in plaintext: no client's proxy has a cluster for an external
// host that lost its TLS and to which its listeners and routes lead. What the application encrypts itself, by the
// port's protocol, is not in plaintext without the proxy's TLS, unless a route for HTTP leads there.
func (c *ReviewChecker) checkAdmission(v *Verdict, before, after *Istio, model *mesh.Snapshot) error {
	for _, client := range c.Clients {
		if client.Kind == mesh.ClientGateway && client.Namespace != rootNamespace && client.Labels[gatewayNameLabel] == "" && gatewayTold(model) {
			continue
		}
		was, ok := ask(v, before, client)
		is, also := ask(v, after, client)
		if !ok || !also {
			continue
		}
		lost := v.lost(was, is)
		if len(lost) == 0 {
			continue
		}
		then, err := before.Tables(client)
		if err != nil {
			return err
		}
		if then.hasTwoCatchAlls() {
			continue
		}
		tables, err := after.Tables(client)
		if err != nil {
			return err
		}
		used, err := tables.Used()
		if err != nil {
			return err
		}
		for _, key := range lost {
			declared, _ := model.Cluster(client, key.Host, key.Port, key.Subset)
			if use := used[key]; use.Routed || use.Direct && declared.Family != mesh.FamilyTLS {
				old, now := was.answers[key], is.answers[key]
				v.Wrong = append(v.Wrong, fmt.Sprintf("admitted, and %s -> %s was %s, is %s", client, key, &old, &now))
			}
		}
	}
	return nil
}

// gatewayTold reports whether objects say that the egress gateway's pods are in the root namespace: its Service is
// there, or a route leads to it.
func gatewayTold(model *mesh.Snapshot) bool {
	for o := range model.Objects() {
		switch {
		case o.Kind == mesh.KindService && o.Namespace == rootNamespace && o.Name == gatewayService:
			return true
		case o.Kind == mesh.KindVirtualService && strings.Contains(fmt.Sprint(o.Spec), gatewayHost):
			return true
		}
	}
	return false
}

// lost lists the clusters for external hosts that had TLS and have none.
func (v *Verdict) lost(was, is view) []Key {
	var keys []Key
	for _, key := range sortedKeys(was.answers) {
		v.Checked++
		if now, built := is.answers[key]; built && is.external[key] && was.answers[key].TLS() && !now.TLS() {
			keys = append(keys, key)
		}
	}
	return keys
}

// view is all that Istio says to one client.
type view struct {
	answers  map[Key]Answer
	settings map[Key]string
	external map[Key]bool
}

// ask asks for one client; ok is false where Istio crashed.
func ask(v *Verdict, istio *Istio, client mesh.Client) (view, bool) {
	said := view{answers: map[Key]Answer{}, settings: map[Key]string{}, external: map[Key]bool{}}
	err := istio.outbound(client, func(key Key, proxy *model.Proxy, cl *cluster.Cluster) error {
		a, err := readCluster(cl, istio.load(proxy, cl), key.Port)
		said.answers[key], said.settings[key] = a, others(cl)
		said.external[key] = istio.external(cl)
		return err
	})
	if err != nil {
		v.Crashed++
	}
	return said, err == nil
}

func sortedKeys(m map[Key]Answer) []Key {
	return slices.SortedFunc(maps.Keys(m), func(a, b Key) int {
		if a.String() < b.String() {
			return -1
		}
		return 1
	})
}

// others returns what a cluster has beside its TLS, name and endpoints, in one string.
func others(c *cluster.Cluster) string {
	kept := &cluster.Cluster{
		ConnectTimeout: c.ConnectTimeout, CircuitBreakers: c.CircuitBreakers, LbPolicy: c.LbPolicy,
		OutlierDetection: c.OutlierDetection, UpstreamConnectionOptions: c.UpstreamConnectionOptions,
		LoadBalancingPolicy: c.LoadBalancingPolicy,
	}
	return prototext.MarshalOptions{}.Format(kept)
}

package oracle

import (
	"errors"
	"fmt"

	"github.com/tlsward/tlsward/mesh"
)

// checkUnrouted checks that no requests leave in plaintext that a sidecar's routes led nowhere before the review.
func (c *ReviewChecker) checkUnrouted(v *Verdict, before, after *Istio) error {
	for _, client := range c.Clients {
		if client.Kind != mesh.ClientSidecar {
			continue
		}
		was, err := before.Tables(client)
		if errors.Is(err, errCrashed) {
			continue
		}
		if err != nil {
			return err
		}
		unrouted, err := was.answered()
		if err != nil {
			return err
		}
		if len(unrouted) == 0 {
			continue
		}
		if err := checkTargets(v, after, client, unrouted); err != nil {
			return err
		}
	}
	return nil
}

// answered lists what the proxy redirects or answers itself, all of it. Of Sidecars with two egress listeners for all ports,
// which Istio does not admit, nothing is asked.
func (t *Tables) answered() ([]servicePort, error) {
	var unrouted []servicePort
	if t.hasTwoCatchAlls() {
		return nil, nil
	}
	for _, q := range t.servicePorts() {
		if !q.port.Protocol.IsHTTP() || !q.service.MeshExternal {
			continue
		}
		targets, err := t.answer(q)
		if err != nil {
			return nil, err
		}
		if len(targets) == 0 {
			unrouted = append(unrouted, q)
		}
	}
	return unrouted, nil
}

// hasTwoCatchAlls reports whether the proxy's Sidecar has two egress listeners for all ports, which Istio does not admit: of the
// services of the second there are clusters, to which no listener leads.
func (t *Tables) hasTwoCatchAlls() bool {
	forAll := 0
	for _, e := range t.proxy.SidecarScope.EgressListeners {
		forAll += count(e.IstioListener.GetPort() == nil)
	}
	return forAll > 1
}

func checkTargets(v *Verdict, after *Istio, client mesh.Client, unrouted []servicePort) error {
	is, err := after.Tables(client)
	if errors.Is(err, errCrashed) {
		return nil
	}
	if err != nil {
		return err
	}
	said, ok := ask(v, after, client)
	for _, q := range unrouted {
		if reads, err := is.readsRequests(q.address, uint32(q.port.Port)); err != nil || !reads {
			continue // what the port takes now are bytes, by the protocol that it declares
		}
		targets, err := is.answer(q)
		if err != nil {
			return err
		}
		v.Unrouted++
		for _, w := range targets {
			if a, built := said.answers[w.Key]; ok && built && said.external[w.Key] && !a.TLS() {
				v.Wrong = append(v.Wrong, fmt.Sprintf("opened, and %s -> %s goes to %s in plaintext", client, q, w))
			}
		}
	}
	return nil
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

package mesh

import (
	"net/netip"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// listenAddress returns the address of the listener that a server with a bind is in: "" for all addresses, however that is written.
// What Envoy has for "::" on pods with addresses of both families counts as the same.
func listenAddress(bind string) string {
	address, err := netip.ParseAddr(bind)
	switch {
	case err != nil:
		return bind
	case address.Unmap().IsUnspecified():
		return ""
	}
	return address.Unmap().String()
}

// mayBeOfPod reports whether a bind may be an address of a pod, on which others reach it: no loopback, and no socket of a file.
func mayBeOfPod(bind string) bool {
	address, err := netip.ParseAddr(bind)
	return err == nil && !address.Unmap().IsUnspecified() && !address.Unmap().IsLoopback()
}

// listenPorts returns a function that returns on which ports the pods of a Gateway listen for the port number of a server: the target
// ports of their Services for it, else the number itself (pilot/pkg/model/gateway.go resolvePorts, which takes the first Service's). A
// target port that has a name counts as the number.
func (s *Snapshot) listenPorts(g *Object) func(number uint32) []uint32 {
	own := gatewaySpec(g).Selector
	targets := map[uint32][]uint32{}
	for _, o := range s.objects.Prefix(KindService + "\x00") {
		svc := o.Spec.(*Service)
		if len(svc.Selector) == 0 || !s.settings.gatewayReaches(g, o.Namespace) || !selectorMatches(own, svc.Selector) && !selectorMatches(svc.Selector, own) {
			continue
		}
		for _, p := range svc.Ports {
			if target := p.TargetPort; target != 0 && !slices.Contains(targets[p.Number], target) {
				targets[p.Number] = append(targets[p.Number], target)
			}
		}
	}
	return func(number uint32) []uint32 {
		if list := targets[number]; len(list) > 0 {
			return list
		}
		return []uint32{number}
	}
}

// ownsPods reports whether the pods of a Gateway are of its own namespace, as far as Services tell.
func (s *Snapshot) ownsPods(g *Object) bool {
	svc := s.serviceOfGateway(g)
	return svc != nil && svc.Namespace == g.Namespace
}

// serverOnAllAddresses reports whether a server listens on all addresses of its pods.
func serverOnAllAddresses(srv *networking.Server) bool { return listenAddress(srv.GetBind()) == "" }

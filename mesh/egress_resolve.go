package mesh

// Considered is an object that was looked at for a path, and why it did not decide.
type Considered struct {
	Object Ref    `json:"object"`
	Why    string `json:"why"`
}

// Path is the answer of Resolve: what happens to the bytes that a client sends to host:port.
type Path struct {
	Client     Client       `json:"client"`
	Host       string       `json:"host"`
	Port       uint32       `json:"port"`
	Hops       []Hop        `json:"hops"`
	Verdict    Verdict      `json:"verdict"`
	Cause      Cause        `json:"cause,omitempty"`
	Considered []Considered `json:"considered,omitempty"`
}

// Resolve returns what happens to the bytes that a client sends to host:port. Where routes split them, it is the path
// of the worst verdict. A host that nothing declares has the path of the closest wildcard over it.
func (s *Snapshot) Resolve(client Client, host string, number uint32) Path {
	path := Path{Client: client, Host: host, Port: number, Hops: []Hop{}, Verdict: Unknown}
	hops := s.connectionHops(client, host, number)
	if len(hops) == 0 {
		path.Cause, path.Considered = s.whyUnknown(client, host, number)
		return path
	}
	reached, missing := withoutMissing(hops)
	if missing != nil && len(reached) == 0 {
		path.Hops, path.Cause = append(path.Hops, missing.shownMissing()), CauseNoCluster
		return path
	}
	hops = reached
	worst := worstEgress(hops)
	if worst < 0 {
		for _, h := range hops {
			path.Hops = append(path.Hops, h.shown())
		}
		if led := hops[0]; led.kind == HopNone {
			path.Cause = led.cause()
		}
		return path
	}
	last := hops[worst]
	path.Verdict, path.Cause = last.verdict(), last.cause()
	if hop := gatewayBefore(hops, worst); hop >= 0 {
		path.Hops = append(path.Hops, hops[hop].shown())
	}
	path.Hops = append(path.Hops, last.shown())
	path.Considered = s.considered(last)
	return path
}

// connectionHops returns the hops of what a client sends to a name, by its own service or, where the proxy does not listen
// for one, by that of the closest wildcard over it.
func (s *Snapshot) connectionHops(client Client, name string, number uint32) []hop {
	hops := s.hops(client, name, number)
	if svc, ok := s.serviceFor(client, name); ok && client.Kind == ClientSidecar && !s.listens(client, svc, number) {
		hops = nil
	}
	if len(hops) > 0 {
		return hops
	}
	if wildcard := s.wildcardListenedFor(client, name, number); wildcard != "" {
		return s.hopsForName(client, wildcard, name, number)
	}
	return nil
}

// worstEgress returns the index of the hop out of the mesh with the worst verdict, or -1.
func worstEgress(hops []hop) int {
	worst := -1
	for i, h := range hops {
		if h.kind == HopEgress && (worst < 0 || worse(h.verdict(), hops[worst].verdict()) != hops[worst].verdict()) {
			worst = i
		}
	}
	return worst
}

// gatewayBefore returns the index of the hop to the gateway from which hop i goes on, or -1 if it is the client's own.
func gatewayBefore(hops []hop, i int) int {
	if hops[i].client.Kind != ClientGateway {
		return -1
	}
	for j := i - 1; j >= 0; j-- {
		if hops[j].kind == HopGateway {
			return j
		}
	}
	return -1
}

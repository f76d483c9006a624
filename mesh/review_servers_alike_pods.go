package mesh

import (
	"cmp"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// alikeReview makes the names of servers for one review: those of a Gateway's servers and of a VirtualService's routes once, however many
// Gateways and servers they are for.
type alikeReview struct {
	*Snapshot
	servers   map[*Object][]*placedServer
	routes    map[*virtualService][]routeName
	hostLists map[string]int         // numbers of lists of hosts
	matching  map[serversHosts]bool  // what matchesHosts has returned
	asked     map[string]bool        // keys of names under review; nil for all
	hosts     map[string]bool        // of servers, as Istio compares them, about which pods are asked
	pods      map[string]*podServers // by what Gateways of the same pods have in common
}

// placedServer is a server of a Gateway as names of it are compared.
type placedServer struct {
	gatewayServer
	object   *Object
	index    int
	bind     string
	address  string // see listenAddress
	hostList int    // the number of its list of hosts
}

// serversHosts are the hosts of a server, and a VirtualService.
type serversHosts struct {
	hostList int
	routes   *virtualService
}

// routeName is a name in a VirtualService's tls routes.
type routeName struct {
	match                *networking.TLSMatchAttributes
	written, name, field string
}

func (s *Snapshot) alikeReview() *alikeReview {
	return &alikeReview{
		Snapshot: s, servers: map[*Object][]*placedServer{}, routes: map[*virtualService][]routeName{}, hostLists: map[string]int{},
		matching: map[serversHosts]bool{}, pods: map[string]*podServers{},
	}
}

// ask has all names that are made from now on be those that these may meet.
func (r *alikeReview) ask(own []*serverName) {
	r.asked, r.hosts, r.routes = map[string]bool{}, map[string]bool{"": true}, map[*virtualService][]routeName{}
	known := map[int]bool{}
	for _, n := range own {
		if r.asked[n.key()] = true; known[n.hostList] {
			continue
		}
		known[n.hostList] = true
		for _, h := range n.hosts {
			r.hosts[h] = true
		}
	}
}

// isAsked reports whether a name under review may meet those of a key.
func (r *alikeReview) isAsked(key string) bool { return r.asked == nil || r.asked[key] }

// serversOf returns the servers of a Gateway that have a port.
func (r *alikeReview) serversOf(g *Object) []*placedServer {
	if list, known := r.servers[g]; known {
		return list
	}
	list := []*placedServer{}
	for i, srv := range gatewaySpec(g).Servers {
		if srv.GetPort() == nil {
			continue
		}
		server := &placedServer{gatewayServer: newGatewayServer(g, srv), object: g, index: i, bind: srv.Bind, address: listenAddress(srv.Bind)}
		key := strings.Join(server.hosts, ",")
		if _, known := r.hostLists[key]; !known {
			r.hostLists[key] = len(r.hostLists)
		}
		server.hostList = r.hostLists[key]
		list = append(list, server)
	}
	r.servers[g] = list
	return list
}

// podServers are the servers of a gateway's pods, as far as names under review may meet theirs.
type podServers struct {
	gatewayPods
	namespace string // of the object under review
	names     map[nameAt]*nameClasses
	// bound are the binds of servers by each host as Istio compares it, "" for plaintext, and by names of tls routes: two for each at most.
	bound map[boundAt][]string
	// others are the listeners in which a Gateway of another namespace has a server.
	others map[nameAt]bool
	count  int // of names
	// alike and hostRebound are what shareHost and hasReboundHost have returned.
	alike       map[[2]int]bool // by the numbers of lists of hosts
	hostRebound map[*placedServer]bool
}

// nameAt is a listener, for one port number of servers, and the key of names in it.
type nameAt struct {
	number       uint32
	address, key string
}

// boundAt is by what Istio knows the bind of a server.
type boundAt struct {
	number uint32
	host   string
	passes bool // a name of tls routes, which are noted by themselves
}

// podServersOf returns the servers of the pods of a Gateway, its own with them; once for all Gateways that have the same pods.
func (r *alikeReview) podServersOf(g *Object, namespace string, of func() gatewayPods) *podServers {
	key := r.podsKey(g)
	if pods := r.pods[key]; pods != nil {
		return pods
	}
	pods := &podServers{
		gatewayPods: of(), namespace: namespace, names: map[nameAt]*nameClasses{}, bound: map[boundAt][]string{}, others: map[nameAt]bool{},
		alike: map[[2]int]bool{}, hostRebound: map[*placedServer]bool{},
	}
	for _, o := range append(slices.Clone(pods.beside), g) {
		for _, n := range r.serverNamesOf(o) {
			pods.add(n)
		}
		for _, server := range r.serversOf(o) {
			if pods.bind(server, r.hosts); o.Namespace != namespace {
				pods.others[nameAt{number: server.number, address: server.address}] = true
			}
		}
	}
	r.pods[key] = pods
	return pods
}

// podsKey returns what Gateways have in common that have the same pods, and the same Gateways beside them.
func (r *alikeReview) podsKey(g *Object) string {
	if g.listener != nil {
		return g.key()
	}
	var labels []string
	for name, value := range gatewaySpec(g).Selector {
		labels = append(labels, name+"="+value)
	}
	slices.Sort(labels)
	key := "\x00" + strings.Join(labels, ",")
	if r.settings.Flags.OwnGateways {
		key = g.Namespace + key
	}
	return key
}

// add notes a name.
func (p *podServers) add(n *serverName) {
	n.order, p.count = p.count, p.count+1
	at := nameAt{n.number, n.address, n.key()}
	if p.names[at] == nil {
		p.names[at] = &nameClasses{index: map[nameClass]int{}}
	}
	if p.names[at].add(n); n.passes {
		p.note(boundAt{n.number, n.name, true}, n.bind)
	}
}

// bind notes a server by those of its hosts that are asked for, as Istio does for all that have TLS settings.
func (p *podServers) bind(server *placedServer, asked map[string]bool) {
	if !server.isTLS() {
		p.note(boundAt{number: server.number}, server.bind)
	}
	if server.tls == nil {
		return
	}
	for _, h := range server.hosts {
		if asked[h] {
			p.note(boundAt{number: server.number, host: h}, server.bind)
		}
	}
}

// note notes a bind. Whatever a server's own is, another one is among two.
func (p *podServers) note(at boundAt, bind string) {
	if have := p.bound[at]; len(have) == 0 || len(have) == 1 && have[0] != bind {
		p.bound[at] = append(have, bind)
	}
}

// firstAlike returns the first name that meets another one; nil for none.
func (p *podServers) firstAlike(n *serverName) *serverName {
	var first *serverName
	rebound := p.isRebound(n)
	for _, number := range p.numbersMeeting(n.number) {
		classes := p.names[nameAt{number, n.address, n.key()}]
		if classes == nil {
			continue
		}
		for i := range classes.list {
			for _, other := range classes.list[i] {
				if other != nil && (first == nil || other.order < first.order) && p.meet(n, other, rebound) {
					first = other
				}
			}
		}
	}
	return first
}

// isOfOthers reports whether a Gateway of another namespace has a server in the listener of a name.
func (p *podServers) isOfOthers(n *serverName) bool {
	return slices.ContainsFunc(p.numbersMeeting(n.number), func(number uint32) bool { return p.others[nameAt{number: number, address: n.address}] })
}

// isRebound reports whether another bind is noted in place of that of a name, so that Istio does not know it again: it keeps one bind for
// a host, and one for a port in plaintext, the last one.
func (p *podServers) isRebound(n *serverName) bool {
	switch {
	case n.isAuto:
		return p.hasReboundHost(n.placedServer)
	case !n.passes:
		return p.isBoundOtherwise(n.placedServer, boundAt{host: n.written})
	}
	return p.hasReboundHost(n.placedServer) || p.isBoundOtherwise(n.placedServer, boundAt{host: n.name, passes: true})
}

// hasReboundHost reports whether another bind is noted for a host of a server.
func (p *podServers) hasReboundHost(server *placedServer) bool {
	is, asked := p.hostRebound[server]
	if !asked {
		is = slices.ContainsFunc(server.hosts, func(h string) bool { return p.isBoundOtherwise(server, boundAt{host: h}) })
		p.hostRebound[server] = is
	}
	return is
}

// isBoundOtherwise reports whether another bind than a server's is noted on its port.
func (p *podServers) isBoundOtherwise(server *placedServer, at boundAt) bool {
	return slices.ContainsFunc(p.numbersMeeting(server.number), func(number uint32) bool {
		at.number = number
		return slices.ContainsFunc(p.bound[at], func(bind string) bool { return bind != server.bind })
	})
}

// nameClasses are the names of one key in a listener, by what meet goes by. However many there are of a class, meet needs few of them.
type nameClasses struct {
	index map[nameClass]int
	// list has of each class the first two, of different servers, and those of the servers that come first and last for Istio.
	list [][4]*serverName
}

// nameClass is what meet goes by, but for whose server it is and which one comes first.
type nameClass struct {
	bind, written, name, protocol string
	passes, isAuto                bool
	hostList                      int
}

func (c *nameClasses) add(n *serverName) {
	class := nameClass{n.bind, n.written, n.name, n.plainProtocol, n.passes, n.isAuto, 0}
	if n.passes || !n.isPlain() {
		class.hostList = n.hostList
	}
	i, known := c.index[class]
	if !known {
		c.index[class] = len(c.list)
		c.list = append(c.list, [4]*serverName{n, nil, n, n})
		return
	}
	of := &c.list[i]
	if of[1] == nil && !n.isOf(of[0]) {
		of[1] = n
	}
	if n.isBefore(of[2]) {
		of[2] = n
	}
	if of[3].isBefore(n) {
		of[3] = n
	}
}

// gatewayPods are what a review knows of a Gateway's pods.
type gatewayPods struct {
	beside []*Object // other Gateways, see gatewaysBeside
	ports  func(number uint32) []uint32
	// byPort has the numbers of servers by a port on which the pods listen for them, meeting what numbersMeeting has returned.
	byPort, meeting map[uint32][]uint32
}

// podsOf returns what is known of a Gateway's pods.
func (s *Snapshot) podsOf(g *Object) gatewayPods {
	pods := gatewayPods{beside: s.gatewaysBeside(g), ports: s.listenPorts(g), byPort: map[uint32][]uint32{}, meeting: map[uint32][]uint32{}}
	known := map[uint32]bool{}
	for _, o := range append(slices.Clone(pods.beside), g) {
		for _, srv := range gatewaySpec(o).Servers {
			number := srv.GetPort().GetNumber()
			if srv.GetPort() == nil || known[number] {
				continue
			}
			known[number] = true
			for _, port := range pods.ports(number) {
				pods.byPort[port] = append(pods.byPort[port], number)
			}
		}
	}
	return pods
}

// numbersMeeting returns the numbers of servers for which the pods listen on a port on which they do for this one.
func (p gatewayPods) numbersMeeting(number uint32) []uint32 {
	list, known := p.meeting[number]
	if known {
		return list
	}
	for _, port := range p.ports(number) {
		list = append(list, p.byPort[port]...)
	}
	slices.SortFunc(list, cmp.Compare[uint32])
	list = slices.Compact(list)
	p.meeting[number] = list
	return list
}

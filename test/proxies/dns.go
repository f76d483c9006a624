//go:build proxies

package proxies

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"

	"golang.org/x/net/dns/dnsmessage"
)

// names is the world's DNS: the server that Envoys and agents ask.
type names struct {
	mu     sync.Mutex
	byName map[string]netip.Addr
	// invented is the address of the last name that was asked for and had none; zero where such names have none.
	invented netip.Addr
}

// set has a name resolve to an address.
func (n *names) set(name, address string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.byName[strings.ToLower(name)+"."] = netip.MustParseAddr(address)
}

// invent has each name that has no address get one of its own, after this one.
func (n *names) invent(after netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.invented = after
}

// lookup returns the address of a name.
func (n *names) lookup(name string) (netip.Addr, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := strings.ToLower(strings.TrimSuffix(name, ".")) + "."
	a, ok := n.byName[key]
	if _, err := netip.ParseAddr(name); !ok && err != nil && n.invented.IsValid() {
		n.invented = n.invented.Next()
		n.byName[key] = n.invented
		return n.invented, true
	}
	return a, ok
}

// serve answers on an address until the world ends.
func (n *names) serve(address string) error {
	socket, err := net.ListenPacket("udp", address)
	if err != nil {
		return fmt.Errorf("serve DNS: %w", err)
	}
	go func() {
		buffer := make([]byte, 4096)
		for {
			size, from, err := socket.ReadFrom(buffer)
			if err != nil {
				return
			}
			if reply, ok := n.reply(buffer[:size]); ok {
				_, _ = socket.WriteTo(reply, from)
			}
		}
	}()
	return nil
}

// reply returns the answer to a query; ok is false for what is none.
func (n *names) reply(query []byte) (_ []byte, ok bool) {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) == 0 {
		return nil, false
	}
	m.Response, m.Authoritative, m.Additionals = true, true, nil
	q := m.Questions[0]
	address, known := n.lookup(q.Name.String())
	switch {
	case !known:
		m.RCode = dnsmessage.RCodeNameError
	case q.Type == dnsmessage.TypeA:
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1},
			Body:   &dnsmessage.AResource{A: address.As4()},
		}}
	}
	packed, err := m.Pack()
	return packed, err == nil
}

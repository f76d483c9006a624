package ha

import (
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// balancer is one TCP address before several backends, as a Service is: each new connection goes to the next backend
// in rotation. Connections live on when their backend leaves the rotation.
type balancer struct {
	listener net.Listener
	mu       sync.Mutex
	backends []string
	next     int
}

func newBalancer(t *testing.T) *balancer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{listener: l}
	go b.serve()
	t.Cleanup(func() { _ = l.Close() })
	return b
}

// url is where clients reach the backends.
func (b *balancer) url() string { return "https://" + b.listener.Addr().String() }

// add puts a backend into the rotation.
func (b *balancer) add(address string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.backends = append(b.backends, address)
}

// remove takes a backend out of the rotation.
func (b *balancer) remove(address string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.backends = slices.DeleteFunc(b.backends, func(a string) bool { return a == address })
}

func (b *balancer) serve() {
	for {
		client, err := b.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			go b.forward(client)
		}
	}
}

// forward connects a client to the first backend that takes the connection.
func (b *balancer) forward(client net.Conn) {
	defer client.Close()
	for _, address := range b.order() {
		backend, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			continue
		}
		defer backend.Close()
		splice(client, backend)
		return
	}
}

// order returns the backends, the one whose turn it is first.
func (b *balancer) order() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.backends) == 0 {
		return nil
	}
	b.next = (b.next + 1) % len(b.backends)
	return append(slices.Clone(b.backends[b.next:]), b.backends[:b.next]...)
}

// splice copies both ways until one side ends. An end that was orderly is passed on; one that was not closes both.
func splice(a, b net.Conn) {
	done := make(chan error, 2)
	flow := func(to, from net.Conn) {
		_, err := io.Copy(to, from)
		if tcp, ok := to.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
		done <- err
	}
	go flow(a, b)
	go flow(b, a)
	if err := <-done; err == nil {
		select {
		case <-done:
		case <-time.After(10 * time.Second):
		}
	}
}

func TestBalancer(t *testing.T) {
	echo := func(word string) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = c.Write([]byte(word))
				_ = c.Close()
			}
		}()
		return l.Addr().String()
	}
	b := newBalancer(t)
	first, second := echo("first"), echo("second")
	b.add(first)
	b.add(second)
	b.add("127.0.0.1:1") // nobody listens there
	ask := func() string {
		c, err := net.Dial("tcp", b.listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		raw, err := io.ReadAll(c)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	seen := map[string]int{}
	for range 9 {
		seen[ask()]++
	}
	if seen["first"] < 3 || seen["second"] < 3 || seen["first"]+seen["second"] != 9 {
		t.Errorf("want every connection answered, by both: got %v", seen)
	}
	b.remove(first)
	for range 4 {
		if got := ask(); got != "second" {
			t.Errorf("a backend out of rotation answers: %q", got)
		}
	}
}

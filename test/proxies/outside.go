//go:build proxies

package proxies

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// Arrival is what a server outside the mesh saw of one connection.
type Arrival struct {
	// At is the server's address, From the client's.
	At, From string
	// TLS reports whether the first bytes were a ClientHello; SNI, ALPN and Client, the client certificate's name, are of it.
	TLS    bool
	SNI    string
	ALPN   []string
	Client string
	// Shaken reports whether the handshake came to its end: the client took the server's certificate.
	Shaken bool
	// Inner is the SNI of a ClientHello inside the TLS; nil where there is none.
	Inner *string
	// Error is how the handshake or the first read ended, "" where it went well.
	Error string
	// Request is the first line that came, inside the TLS if there is any; Host is the request's Host header, where serveAny reads it.
	Request, Host string
}

// String returns the arrival in a few words.
func (a Arrival) String() string {
	text := "plaintext at " + a.At
	if a.TLS {
		text = fmt.Sprintf("TLS at %s, SNI %q", a.At, a.SNI)
	}
	if a.Client != "" {
		text += ", certificate of " + a.Client
	}
	if a.Request != "" {
		text += ", " + a.Request
	}
	if a.Error != "" {
		text += ", " + a.Error
	}
	return text
}

// Outside is a server outside the mesh.
type Outside struct {
	Address string

	certificate tls.Certificate
	// ofMesh is the certificate for clients that ask for the mesh's own TLS; certificate where it is nil.
	ofMesh    *tls.Certificate
	clients   *x509.CertPool
	listeners []net.Listener

	mu    sync.Mutex
	seen  []Arrival
	open  sync.WaitGroup
	conns map[net.Conn]bool
}

// serve takes connections on ports: listen makes a listener of an address, and answer serves a connection and notes what comes.
func (o *Outside) serve(listen func(address string) (net.Listener, error), answer protocol, ports ...string) error {
	for _, port := range ports {
		l, err := listen(net.JoinHostPort(o.Address, port))
		if err != nil {
			return fmt.Errorf("serve outside the mesh: %w", err)
		}
		o.listeners = append(o.listeners, l)
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				o.open.Go(func() { o.take(conn, answer) })
			}
		}()
	}
	return nil
}

// close ends the server, where there is one.
func (o *Outside) close() {
	if o == nil {
		return
	}
	for _, l := range o.listeners {
		_ = l.Close()
	}
}

// protocol is what a server speaks: it serves one connection, and notes what comes.
type protocol func(o *Outside, a *Arrival, conn net.Conn)

// listenHere listens in the world's own namespace.
func listenHere(address string) (net.Listener, error) { return net.Listen("tcp", address) }

// patience bounds what a server waits for.
const patience = 10 * time.Second

// take serves one connection, and records it.
func (o *Outside) take(conn net.Conn, answer protocol) {
	defer conn.Close()
	a := Arrival{At: conn.LocalAddr().String(), From: conn.RemoteAddr().String()}
	_ = conn.SetDeadline(time.Now().Add(patience))
	o.mark(conn, true)
	answer(o, &a, conn)
	o.mark(conn, false)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen = append(o.seen, a)
}

// mark notes whether a connection is open.
func (o *Outside) mark(conn net.Conn, isOpen bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.conns == nil {
		o.conns = map[net.Conn]bool{}
	}
	if o.conns[conn] = true; !isOpen {
		delete(o.conns, conn)
	}
}

// hangUp ends the connections that are open.
func (o *Outside) hangUp() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for conn := range o.conns {
		_ = conn.Close()
	}
}

// present has the server show these certificates from now on.
func (o *Outside) present(certificate, ofMesh tls.Certificate) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.certificate, o.ofMesh = certificate, &ofMesh
}

// shows returns the certificate for a client.
func (o *Outside) shows(hello *tls.ClientHelloInfo) *tls.Certificate {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ofMesh != nil && slices.Contains(hello.SupportedProtos, meshProtocol) {
		return o.ofMesh
	}
	return &o.certificate
}

// meshProtocol is in the ALPN of the mesh's own TLS (pilot/pkg/networking/util ALPNInMesh).
const meshProtocol = "istio"

// serveHTTP answers HTTP, in plaintext or under TLS as the client begins.
func serveHTTP(o *Outside, a *Arrival, conn net.Conn) {
	reader := bufio.NewReader(conn)
	first, err := reader.Peek(1)
	if err != nil {
		a.Error = err.Error()
		return
	}
	var stream net.Conn = peeked{conn, reader}
	if a.TLS = first[0] == 0x16; a.TLS { // a handshake record (RFC 8446, section 5.1)
		secure := tls.Server(stream, o.config(a))
		if err := secure.Handshake(); err != nil {
			a.Error = err.Error()
			return
		}
		a.Shaken, a.Client = true, shownName(secure)
		stream, reader = secure, bufio.NewReader(secure)
	}
	line, err := reader.ReadString('\n')
	a.Request = strings.TrimSpace(line)
	for err == nil && strings.TrimSpace(line) != "" {
		line, err = reader.ReadString('\n')
	}
	if err != nil {
		a.Error = err.Error()
		return
	}
	_, _ = io.WriteString(stream, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n")
}

// shownName returns the name of the certificate that the client has shown, "" for none.
func shownName(conn *tls.Conn) string {
	if shown := conn.ConnectionState().PeerCertificates; len(shown) > 0 {
		return shown[0].Subject.CommonName
	}
	return ""
}

// config is the server's side of TLS; it notes what the client says.
func (o *Outside) config(a *Arrival) *tls.Config {
	return &tls.Config{
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) { return o.shows(hello), nil },
		ClientAuth:     tls.VerifyClientCertIfGiven, ClientCAs: o.clients,
		NextProtos: []string{"http/1.1"},
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			a.SNI, a.ALPN = hello.ServerName, hello.SupportedProtos
			return nil, nil
		},
	}
}

// peeked is a connection of which something was read ahead.
type peeked struct {
	net.Conn
	reader *bufio.Reader
}

func (p peeked) Read(b []byte) (int, error) { return p.reader.Read(b) }

// Seen returns what arrived since it was asked last, once all of it has been taken.
func (o *Outside) Seen() []Arrival {
	o.open.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	seen := o.seen
	o.seen = nil
	return seen
}

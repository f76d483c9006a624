//go:build proxies

package proxies

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"

	"golang.org/x/net/http2"
)

// anyPorts are the ports to which random meshes and attacks may lead.
var anyPorts = []string{"80", "443", "1234", "3306", "7443", "8080", "8443", "9000", "9443", "27017"}

// Anywhere starts a server at all addresses outside the mesh, on anyPorts. It takes plaintext, TLS and TLS inside TLS, and in them
// HTTP/1, HTTP/2 and any bytes.
func (w *World) Anywhere() (*Outside, error) {
	o := &Outside{Address: "0.0.0.0", clients: w.trusted.pool()}
	if err := o.serve(listenHere, serveAny, anyPorts...); err != nil {
		o.close()
		return nil, err
	}
	w.outside = append(w.outside, o)
	return o, nil
}

// serveAny answers whatever comes.
func serveAny(o *Outside, a *Arrival, conn net.Conn) {
	stream, first, err := begin(conn)
	if err == nil && first == handshakeRecord {
		a.TLS = true
		secure := tls.Server(stream, o.anyConfig(a))
		if err = secure.Handshake(); err == nil {
			a.Shaken, a.Client = true, shownName(secure)
			stream, first, err = begin(secure)
		}
	}
	if err == nil && first == handshakeRecord {
		var inner Arrival
		secure := tls.Server(stream, o.anyConfig(&inner))
		err = secure.Handshake()
		if a.Inner = &inner.SNI; err == nil {
			stream, first, err = begin(secure)
		}
	}
	if err != nil {
		a.Error = err.Error()
		return
	}
	a.answer(stream)
}

// anyConfig is the server's side of TLS, for clients of any protocol and with any certificate.
func (o *Outside) anyConfig(a *Arrival) *tls.Config {
	c := o.config(a)
	c.ClientAuth, c.ClientCAs, c.NextProtos = tls.RequestClientCert, nil, nil
	note := c.GetConfigForClient
	c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		_, _ = note(hello)
		chosen := c.Clone()
		chosen.GetConfigForClient = nil
		chosen.NextProtos = hello.SupportedProtos // the client's first
		return chosen, nil
	}
	return c
}

// handshakeRecord is the first byte of TLS (RFC 8446, section 5.1).
const handshakeRecord = 0x16

// begin returns a connection, and its first byte read ahead.
func begin(conn net.Conn) (peeked, byte, error) {
	p := peeked{conn, bufio.NewReader(conn)}
	first, err := p.reader.Peek(1)
	if err != nil {
		return p, 0, err
	}
	return p, first[0], nil
}

// answer reads a request or other bytes, and answers in kind.
func (a *Arrival) answer(stream net.Conn) {
	p, ok := stream.(peeked)
	if !ok {
		p, _, _ = begin(stream)
	}
	preface, _ := p.reader.Peek(3)
	switch text := string(preface); {
	case text == "PRI": // of HTTP/2 (RFC 9113, section 3.4)
		new(http2.Server).ServeConn(p, &http2.ServeConnOpts{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a.Request, a.Host = requestLine(r), r.Host
			_, _ = io.WriteString(w, "hello\n")
		})})
	case text == "GET":
		r, err := http.ReadRequest(p.reader)
		if err != nil {
			a.Error = err.Error()
			return
		}
		a.Request, a.Host = requestLine(r), r.Host
		_, _ = io.WriteString(p, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n")
	default:
		line, _ := p.reader.ReadString('\n')
		a.Request = strings.TrimSpace(line)
		_, _ = io.WriteString(p, "hello\n")
	}
}

func requestLine(r *http.Request) string { return r.Method + " " + r.URL.Path + " " + r.Proto }

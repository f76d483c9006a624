//go:build proxies

package proxies

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/tlsward/tlsward/envoy"
)

// sendPatience bounds how long a pod waits for an answer.
const sendPatience = 3 * time.Second

// helloByte begins what is neither HTTP nor TLS.
const helloByte = "\x01"

// Send opens a connection from the pod, sends what the payload says, and waits for the answer or the end. What came of it the
// servers know; the error says why the pod had no answer.
func (p *Pod) Send(ctx context.Context, to netip.AddrPort, payload envoy.Payload) error {
	conn, err := p.dial(ctx, "tcp", to.String())
	if err != nil {
		return err
	}
	return exchange(conn, payload)
}

// sender opens connections of a client of the mesh.
type sender interface {
	Send(ctx context.Context, to netip.AddrPort, payload envoy.Payload) error
}

// exchange sends what the payload says, waits for the answer or the end, and closes the connection.
func exchange(conn net.Conn, payload envoy.Payload) error {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(sendPatience))
	text := helloByte + "hello\n"
	switch {
	case payload.TLS != nil:
		secure := tls.Client(conn, &tls.Config{
			ServerName: payload.TLS.ServerName, NextProtos: []string{"http/1.1"},
			InsecureSkipVerify: true, // whoever answers: what is asked is who it is
		})
		if err := secure.Handshake(); err != nil {
			return err
		}
		conn, text = net.Conn(secure), requestOf(payload.TLS.ServerName)
	case payload.HTTP != nil:
		text = requestOf(payload.HTTP.Host)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, conn)
	return err
}

func requestOf(host string) string {
	return "GET / HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: app\r\nConnection: close\r\n\r\n"
}

//go:build proxies

package proxies

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/net/http2"

	"github.com/tlsward/tlsward/envoy"
)

// AmbientClient is a client in ambient mode whose connections go through a waypoint. It speaks HBONE as its ztunnel would: CONNECT
// over TLS with the client's identity, and in it what the client sends (ztunnel src/proxy/h2/client.rs).
type AmbientClient struct {
	waypoint *Pod
	identity tls.Certificate
}

// AmbientClient returns a client with the identity of a service account.
func (w *World) AmbientClient(ctx context.Context, waypoint *Pod, namespace, account string) (*AmbientClient, error) {
	ofMesh, err := w.meshAuthority(ctx)
	if err != nil {
		return nil, err
	}
	identity, err := ofMesh.issue(fmt.Sprintf("spiffe://cluster.local/ns/%s/sa/%s", namespace, account))
	if err != nil {
		return nil, err
	}
	return &AmbientClient{waypoint: waypoint, identity: identity}, nil
}

// tunnelled is a connection inside a tunnel. Addresses and deadlines are the tunnel's.
type tunnelled struct {
	net.Conn
	from io.Reader
	to   io.Writer
}

func (t tunnelled) Read(b []byte) (int, error)  { return t.from.Read(b) }
func (t tunnelled) Write(b []byte) (int, error) { return t.to.Write(b) }

// dial opens a connection to an address through the waypoint. Each has a tunnel of its own.
func (c *AmbientClient) dial(ctx context.Context, to string) (net.Conn, error) {
	at := net.JoinHostPort(c.waypoint.Address, strconv.Itoa(waypointPort))
	conn, err := (&tls.Dialer{NetDialer: &net.Dialer{Timeout: 5 * time.Second}, Config: &tls.Config{
		NextProtos: []string{"h2"}, Certificates: []tls.Certificate{c.identity},
		InsecureSkipVerify: true, // whose certificate a waypoint shows is ztunnel's affair
	}}).DialContext(ctx, "tcp", at)
	if err != nil {
		return nil, fmt.Errorf("connect to waypoint %s: %w", c.waypoint.Namespace, err)
	}
	_ = conn.SetDeadline(time.Now().Add(sendPatience))
	stream, err := new(http2.Transport).NewClientConn(conn)
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("open a tunnel to waypoint %s: %w", c.waypoint.Namespace, err)
	}
	body, sends := io.Pipe()
	response, err := stream.RoundTrip(&http.Request{
		Method: http.MethodConnect, URL: &url.URL{Scheme: "https", Host: at}, Host: to, Header: http.Header{}, Body: body,
	})
	if err != nil || response.StatusCode != http.StatusOK {
		_ = conn.Close()
		return nil, fmt.Errorf("waypoint %s opens no tunnel to %s: %v, %w", c.waypoint.Namespace, to, response, err)
	}
	return tunnelled{Conn: conn, from: response.Body, to: sends}, nil
}

// Send is Pod.Send, through the waypoint.
func (c *AmbientClient) Send(ctx context.Context, to netip.AddrPort, payload envoy.Payload) error {
	conn, err := c.dial(ctx, to.String())
	if err != nil {
		return err
	}
	return exchange(conn, payload)
}

// Get asks a host at an address, and returns the status of the answer.
func (c *AmbientClient) Get(to netip.AddrPort, host, path string) (status int, err error) {
	client := &http.Client{Timeout: patience, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return c.dial(ctx, to.String()) },
	}}
	response, err := client.Get("http://" + host + path)
	if err != nil {
		return 0, fmt.Errorf("get %s of %s through waypoint %s: %w", path, host, c.waypoint.Namespace, err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode, nil
}

//go:build proxies

package proxies

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Visitor is a client outside the mesh: a browser, or the load balancer before an ingress gateway.
type Visitor struct {
	// SNI is the name that it asks for in its ClientHello; "" for plaintext.
	SNI string
	// Certificate is what it shows where it is asked for one; nil for none.
	Certificate *tls.Certificate
	// trusts are the authorities of the servers that it accepts.
	trusts *x509.CertPool
}

// Visitor returns a client outside the mesh that trusts the world's authority.
func (w *World) Visitor(sni string) Visitor {
	return Visitor{SNI: sni, trusts: w.trusted.pool()}
}

// Get asks a gateway, on a port of its Service, for a path of a host, and returns the status of the answer.
func (v Visitor) Get(gateway *Pod, port int32, host, path string) (status int, err error) {
	address := net.JoinHostPort(gateway.Address, fmt.Sprint(targetPort(port)))
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, network, address)
		},
		TLSClientConfig: &tls.Config{ServerName: v.SNI, RootCAs: v.trusts},
	}
	if v.Certificate != nil {
		transport.TLSClientConfig.Certificates = []tls.Certificate{*v.Certificate}
	}
	client := &http.Client{
		Transport: transport, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	scheme := "http"
	if v.SNI != "" {
		scheme = "https"
	}
	response, err := client.Get(scheme + "://" + host + path)
	if err != nil {
		return 0, fmt.Errorf("get %s of %s at %s: %w", path, host, gateway.Name, err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode, nil
}

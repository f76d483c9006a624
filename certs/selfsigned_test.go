package certs

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"
	"time"
)

// handshake connects to a server that presents s, trusting bundle alone, as the API server does.
func handshake(t *testing.T, s Source, bundle []byte, name string) error {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(bundle)
	server, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{GetCertificate: s.GetCertificate, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		if conn, err := server.Accept(); err == nil {
			_ = conn.(*tls.Conn).Handshake()
			_ = conn.Close()
		}
	}()
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	conn, err := tls.DialWithDialer(dialer, "tcp", server.Addr().String(),
		&tls.Config{RootCAs: pool, ServerName: name, MinVersion: tls.VersionTLS12})
	if err != nil {
		return err
	}
	return conn.Close()
}

func TestSelfSignedIsTrustedByItsBundle(t *testing.T) {
	s, err := NewSelfSigned("tlsward.tlsward-system.svc", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tlsward.tlsward-system.svc", "127.0.0.1"} {
		if err := handshake(t, s, s.Bundle(), name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if handshake(t, s, s.Bundle(), "other.svc") == nil {
		t.Error("a name that the certificate does not hold was accepted")
	}
	other, err := NewSelfSigned("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	if handshake(t, s, other.Bundle(), "127.0.0.1") == nil {
		t.Error("a foreign bundle trusts it")
	}
}

func TestSelfSignedNeedsAName(t *testing.T) {
	if _, err := NewSelfSigned(); err == nil {
		t.Error("no name was accepted")
	}
}

func TestLeafIsSignedAgainWhenAskedForAndDue(t *testing.T) {
	now := wallClock()
	a, err := NewAuthority(now, 100*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	l := leaf{names: []string{"a"}, lifetime: 9 * time.Hour, now: func() time.Time { return now }}
	if _, err := l.certificate(); err == nil {
		t.Error("a certificate before there is an authority")
	}
	if err := l.signWith(a); err != nil {
		t.Fatal(err)
	}
	first, _ := l.certificate()
	for _, c := range []struct {
		name  string
		shift time.Duration
		same  bool
	}{
		{"just before two thirds", 6*time.Hour - time.Second, true},
		{"clock set back within the backdating", -time.Hour, true},
		{"at two thirds", 6 * time.Hour, false},
		{"clock set back by a day", -24 * time.Hour, false},
		{"after a long sleep", 50 * time.Hour, false},
	} {
		start := now
		now = now.Add(c.shift)
		got, err := l.certificate()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if (got == first) != c.same {
			t.Errorf("%s: same certificate: %v, want %v", c.name, got == first, c.same)
		} else if !validAt(got.Leaf, now) {
			t.Errorf("%s: not valid now", c.name)
		}
		now = start
		if err := l.signWith(a); err != nil {
			t.Fatal(err)
		}
		first, _ = l.certificate()
	}
}

func TestLeafNeverOutlivesItsCA(t *testing.T) {
	a, err := NewAuthority(wallClock(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	c, err := a.Sign([]string{"a"}, wallClock(), 48*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if c.Leaf.NotAfter.After(a.Certificate.NotAfter) {
		t.Errorf("leaf ends %s, its CA %s", c.Leaf.NotAfter, a.Certificate.NotAfter)
	}
}

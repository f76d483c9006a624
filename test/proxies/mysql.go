//go:build proxies

package proxies

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// mysqlPort is where servers outside speak MySQL under TLS.
const mysqlPort = "13306"

// mysqlGreeting is the payload of the first packet, which the server sends before the client says anything: protocol version 10, the
// server's version, a thread's id, eight bytes of a nonce, capabilities without TLS of its own, character set, status
// (dev.mysql.com/doc/dev/mysql-server, "Protocol::HandshakeV10").
var mysqlGreeting = append([]byte("\x0a8.4.0-tlsward\x00\x01\x00\x00\x00nonce678\x00\x05\x82\x21\x02\x00\x00\x00\x00\x00"), make([]byte, 10)...)

// mysqlOK is the payload of the packet that ends a login ("Protocol::OK_Packet").
var mysqlOK = []byte{0, 0, 0, 2, 0, 0, 0}

// mysqlLogin is the payload of the client's answer: capabilities, the largest packet, character set, 23 bytes of nothing, the user's
// name, no password ("Protocol::HandshakeResponse41").
var mysqlLogin = append(append([]byte("\x05\x82\x00\x00\x00\x00\x00\x01\x21"), make([]byte, 23)...), "root\x00\x00"...)

// writePacket writes a packet of MySQL: three bytes of length, one of sequence, the payload.
func writePacket(w io.Writer, sequence byte, payload []byte) error {
	header := binary.LittleEndian.AppendUint32(nil, uint32(len(payload)))
	header[3] = sequence
	_, err := w.Write(append(header, payload...))
	return err
}

// readPacket reads a packet of MySQL and returns its payload.
func readPacket(r io.Reader) ([]byte, error) {
	var header [4]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, err
	}
	header[3] = 0
	payload := make([]byte, binary.LittleEndian.Uint32(header[:]))
	_, err := io.ReadFull(r, payload)
	return payload, err
}

// serveMySQL is the server's side of a login under TLS, as what stands before a MySQL server takes the TLS off.
func serveMySQL(o *Outside, a *Arrival, conn net.Conn) {
	secure := tls.Server(conn, o.config(a))
	if err := secure.Handshake(); err != nil {
		a.Error = err.Error()
		return
	}
	a.TLS = true
	a.Client = shownName(secure)
	if err := writePacket(secure, 0, mysqlGreeting); err != nil {
		a.Error = err.Error()
		return
	}
	login, err := readPacket(bufio.NewReader(secure))
	if err != nil {
		a.Error = err.Error()
		return
	}
	if len(login) > 32 {
		user, _, _ := bytes.Cut(login[32:], []byte{0})
		a.Request = "login of " + string(user)
	}
	if err := writePacket(secure, 2, mysqlOK); err != nil {
		a.Error = err.Error()
	}
}

// MySQL logs in from the pod and returns the server's version.
func (p *Pod) MySQL(ctx context.Context, address string) (version string, err error) {
	conn, err := p.dial(ctx, "tcp", address)
	if err != nil {
		return "", fmt.Errorf("connect to MySQL: %w", err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	greeting, err := readPacket(conn)
	if err != nil {
		return "", fmt.Errorf("read the greeting of MySQL: %w", err)
	}
	if len(greeting) == 0 || greeting[0] != 10 {
		return "", fmt.Errorf("read the greeting of MySQL: %q is none", greeting)
	}
	server, _, _ := bytes.Cut(greeting[1:], []byte{0})
	if err := writePacket(conn, 1, mysqlLogin); err != nil {
		return "", fmt.Errorf("log in to MySQL: %w", err)
	}
	answer, err := readPacket(conn)
	if err != nil {
		return "", fmt.Errorf("log in to MySQL: %w", err)
	}
	if len(answer) == 0 || answer[0] != 0 {
		return "", errors.New("log in to MySQL: refused")
	}
	return string(server), nil
}

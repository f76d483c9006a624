package explain

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/tlsward/tlsward/mesh"
)

// Target is the destination that is asked about.
type Target struct {
	Host string
	// Port is 0 where none was given.
	Port uint32
}

// ParseTarget reads HOST or HOST:PORT. An IPv6 address with a port is in brackets.
func ParseTarget(text string) (Target, error) {
	if text == "" {
		return Target{}, errors.New("want HOST or HOST:PORT, have nothing")
	}
	if colons := strings.Count(text, ":"); colons == 0 || colons > 1 && !strings.HasPrefix(text, "[") {
		return Target{Host: text}, nil
	}
	host, number, err := net.SplitHostPort(text)
	if err != nil || host == "" {
		return Target{}, fmt.Errorf("want HOST or HOST:PORT, have %q", text)
	}
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil || port == 0 {
		return Target{}, fmt.Errorf("%q: want a port from 1 to 65535", text)
	}
	return Target{Host: host, Port: uint32(port)}, nil
}

// portIn returns the target's port. Where none was given it is 80 if the host has that port or none at all, since 80 is
// where plaintext leaves, else the host's lowest.
func (t Target) portIn(s *mesh.Snapshot) uint32 {
	if t.Port != 0 {
		return t.Port
	}
	ports := s.Ports(t.Host)
	if len(ports) == 0 || slices.Contains(ports, 80) {
		return 80
	}
	return ports[0]
}

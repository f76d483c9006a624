// Package explain tells where the bytes go that a client sends to a host, hop by hop, and who decided on their TLS.
//
// The answers are package mesh's; here they are put into words.
package explain

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/tlsward/tlsward/mesh"
)

// Target is what is asked about.
type Target struct {
	Host string
	// Port is 0 where none was given.
	Port uint32
}

// ParseTarget reads HOST or HOST:PORT.
func ParseTarget(text string) (Target, error) {
	if !strings.Contains(text, ":") || strings.Count(text, ":") > 1 && !strings.HasPrefix(text, "[") {
		if text == "" {
			return Target{}, fmt.Errorf("want HOST or HOST:PORT, have nothing")
		}
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

// PortOf gives the port that is asked about: where none was given 80 if the host has it, since that is where plaintext
// leaves, else the host's first.
func (t Target) PortOf(s *mesh.Snapshot) uint32 {
	if t.Port != 0 {
		return t.Port
	}
	ports := s.Ports(t.Host)
	if len(ports) == 0 || slices.Contains(ports, 80) {
		return 80
	}
	return ports[0]
}

// Answer is a path as it is shown to the outside.
type Answer struct {
	Client     string       `json:"client"`
	Host       string       `json:"host"`
	Port       uint32       `json:"port"`
	Hops       []Hop        `json:"hops"`
	Verdict    mesh.Verdict `json:"verdict"`
	Cause      mesh.Cause   `json:"cause,omitempty"`
	Considered []Considered `json:"considered"`

	decisions []*mesh.Decision
}

// Hop is one leg of the path.
type Hop struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Port     uint32 `json:"port"`
	Protocol string `json:"protocol"`
	// TLS is the mode of the TLS that the proxy starts, "" for none.
	TLS string `json:"tls"`
	// SNI is the name sent, "" for none; with AutoSNI it is the Host header's.
	SNI     string `json:"sni"`
	AutoSNI bool   `json:"autoSNI"`
	// Names are the subject alternative names that are checked; with AutoNames the Host header's.
	Names     []string `json:"names"`
	AutoNames bool     `json:"autoNames"`
	Verified  bool     `json:"verified"`
	// DecidedBy names the object and the field that decided, "" if none did.
	DecidedBy string `json:"decidedBy"`
}

// Considered is an object that might have decided, and why it did not.
type Considered struct {
	Object string `json:"object"`
	Why    string `json:"why"`
}

// Of asks the mesh.
func Of(s *mesh.Snapshot, client mesh.Client, host string, port uint32) Answer {
	path := s.Resolve(client, host, port)
	a := Answer{
		Client: client.String(), Host: host, Port: port, Verdict: path.Verdict, Cause: path.Cause,
		Hops: []Hop{}, Considered: []Considered{},
	}
	for _, h := range path.Hops {
		hop := Hop{From: h.From, To: h.To, Port: h.Port, Protocol: h.Protocol, TLS: h.TLS, SNI: h.SNI, AutoSNI: h.AutoSNI,
			Names: append([]string{}, h.Names...), AutoNames: h.AutoNames, Verified: h.Verified}
		if h.DecidedBy != nil {
			hop.DecidedBy = h.DecidedBy.String()
		}
		a.Hops, a.decisions = append(a.Hops, hop), append(a.decisions, h.DecidedBy)
	}
	for _, c := range path.Considered {
		a.Considered = append(a.Considered, Considered{Object: c.Object.String(), Why: c.Why})
	}
	return a
}

// WriteJSON writes answers: one as an object, several (all is true) as a list.
func WriteJSON(w io.Writer, answers []Answer, all bool) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if !all && len(answers) == 1 {
		return encoder.Encode(answers[0])
	}
	return encoder.Encode(answers)
}

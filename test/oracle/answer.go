package oracle

import (
	"fmt"
	"slices"
	"strings"
)

// Key names one cluster: what a proxy sends to a subset of a host on a service port.
type Key struct {
	Host   string
	Port   uint32
	Subset string
	// Served is "http" or "tcp" for a waypoint's cluster of a host for which it stands; its others are for where routes
	// lead.
	Served string
}

// String returns "host:port" or "host:port/subset".
func (k Key) String() string {
	s := fmt.Sprintf("%s:%d", k.Host, k.Port)
	if k.Subset != "" {
		s += "/" + k.Subset
	}
	if k.Served != "" {
		s += " served as " + k.Served
	}
	return s
}

// Answer says what a proxy does to the bytes that it sends into one cluster. The zero Answer is plaintext.
type Answer struct {
	// Mode is the TLS that the proxy starts: SIMPLE, MUTUAL, ISTIO_MUTUAL, or "" for none.
	Mode string
	// Auto is true for mutual TLS that nobody asked for, which each endpoint takes or leaves; Mode is "" then.
	Auto bool
	// SNI is the fixed server name; AutoSNI means that each request's authority is sent.
	SNI     string
	AutoSNI bool
	// Names are the names that the server's certificate is checked for, sorted; AutoNames means the authority.
	Names     []string
	AutoNames bool
	// Insecure reports whether no certificate is checked at all.
	Insecure bool
	// Ports are the ports of the endpoints, ascending; empty where Istio builds none.
	Ports []uint32
}

// TLS reports whether the proxy starts TLS.
func (a Answer) TLS() bool { return a.Mode != "" }

// differs lists the fields in which two answers differ.
func (a Answer) differs(b Answer) []string {
	var fields []string
	add := func(name string, differ bool) {
		if differ {
			fields = append(fields, name)
		}
	}
	add("mode", a.Mode != b.Mode)
	add("auto", a.Auto != b.Auto)
	add("sni", a.SNI != b.SNI)
	add("autoSNI", a.AutoSNI != b.AutoSNI)
	add("names", !slices.Equal(a.Names, b.Names))
	add("autoNames", a.AutoNames != b.AutoNames)
	add("insecure", a.Insecure != b.Insecure)
	add("ports", !slices.Equal(a.Ports, b.Ports))
	return fields
}

// String returns the answer on one line; nil is no cluster.
func (a *Answer) String() string {
	if a == nil {
		return "no cluster"
	}
	mode := a.Mode
	if mode == "" {
		mode = "plaintext"
	}
	if a.Auto {
		mode = "automatic"
	}
	return fmt.Sprintf("%s sni=%q autoSNI=%v names=[%s] autoNames=%v insecure=%v ports=%v",
		mode, a.SNI, a.AutoSNI, strings.Join(a.Names, " "), a.AutoNames, a.Insecure, a.Ports)
}

func (a Answer) normal() Answer {
	a.Names = slices.Compact(slices.Sorted(slices.Values(a.Names)))
	a.Ports = slices.Compact(slices.Sorted(slices.Values(a.Ports)))
	return a
}

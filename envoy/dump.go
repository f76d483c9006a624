package envoy

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Dump is what a proxy's admin interface tells of it: the configuration that is in force, and what is not.
type Dump struct {
	*Config
	// Node is how the proxy introduces itself to its control plane; nil where the dump has no bootstrap.
	Node *Node
	// Versions are those that the control plane gave the resources, or all of a kind (version_info), sorted, each once.
	Versions []string
	// Refused are the resources whose last update the proxy refused: an older state is in force, or none.
	Refused []Unknown
	// Warming are the resources that the proxy has and that are not in force yet.
	Warming []Unknown
}

// ReadDump reads what a proxy's admin interface answers at /config_dump?include_eds, which is also what
// `istioctl proxy-config all -o json` prints. Without include_eds the endpoints of EDS clusters are missing, and each
// Outcome that needs them says so. What could not be read is in Config.Unread. An error is about the dump as a whole.
//
// It reads one resource at a time: no more of the text is held than the largest of them.
func ReadDump(r io.Reader) (*Dump, error) {
	text := bufio.NewReader(r)
	if mark, err := text.Peek(3); err == nil && string(mark) == "\ufeff" {
		_, _ = text.Discard(3)
	}
	d := dump{decoder: json.NewDecoder(text), versions: map[string]bool{}, types: readTypes()}
	if err := d.read(); err != nil {
		return nil, fmt.Errorf("read config dump: %w", d.whereWrong(err))
	}
	if !d.found {
		return nil, errors.New("read config dump: it has neither listeners nor clusters, routes or endpoints")
	}
	c := NewConfig(d.listeners, d.routes, d.clusters, d.endpoints)
	c.Unread = d.unread
	out := &Dump{Config: c, Node: d.node, Refused: d.refused, Warming: d.warming}
	for v := range d.versions {
		out.Versions = append(out.Versions, v)
	}
	slices.Sort(out.Versions)
	return out, nil
}

// dump reads a config dump, and keeps what it has.
type dump struct {
	decoder *json.Decoder
	found   bool
	// types are the messages that are read, and those of which a dump had the name alone.
	types map[protoreflect.FullName]protoreflect.MessageType

	listeners []*listenerv3.Listener
	routes    []*routev3.RouteConfiguration
	clusters  []*clusterv3.Cluster
	endpoints []*endpointv3.ClusterLoadAssignment

	node                     *Node
	versions                 map[string]bool
	unread, refused, warming []Unknown
}

// whereWrong says where JSON is wrong, and that it is cut off where it ends too early.
func (d *dump) whereWrong(err error) error {
	var syntax *json.SyntaxError
	switch at := d.decoder.InputOffset(); {
	case errors.Is(err, io.EOF) && at == 0:
		return errors.New("it is empty")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("it is cut off after byte %d", at)
	case errors.As(err, &syntax):
		return fmt.Errorf("byte %d: %w", syntax.Offset, err)
	}
	return err
}

// read reads the dump: an object whose "configs" are its sections.
func (d *dump) read() error {
	start, err := d.decoder.Token()
	if err != nil {
		return err
	}
	switch start {
	case json.Delim('['):
		return errors.New("it is a list of one kind of resource: the whole dump is needed, as `istioctl proxy-config all -o json` prints it")
	case json.Delim('{'):
	default:
		return errors.New("it is not an object")
	}
	has := false
	if err := d.fields(func(name string) error {
		if name != "configs" {
			return d.skip()
		}
		has = true
		return d.list("configs", d.section)
	}); err != nil {
		return err
	}
	if !has {
		return errors.New("it has no configs")
	}
	if _, err := d.decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("something follows it at byte %d", d.decoder.InputOffset())
	}
	return nil
}

// fields calls with the name of each field of an object whose brace was read; each reads the value.
func (d *dump) fields(each func(name string) error) error {
	for d.decoder.More() {
		name, err := d.decoder.Token()
		if err != nil {
			return err
		}
		text, _ := name.(string)
		if err := each(text); err != nil {
			return err
		}
	}
	_, err := d.decoder.Token()
	return err
}

// list calls for each element of a list, which it reads; null is an empty list.
func (d *dump) list(name string, each func() error) error {
	start, err := d.decoder.Token()
	if err != nil || start == nil {
		return err
	}
	if start != json.Delim('[') {
		return fmt.Errorf("%s is not a list", name)
	}
	for d.decoder.More() {
		if err := each(); err != nil {
			return err
		}
	}
	_, err = d.decoder.Token()
	return err
}

// skip reads a value that nobody needs.
func (d *dump) skip() error {
	for depth := 0; ; {
		t, err := d.decoder.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// section reads one part of a dump. Its type comes first, as Envoy and istioctl write it; what stands before it is kept until
// the type is known.
func (d *dump) section() error {
	start, err := d.decoder.Token()
	if err != nil {
		return err
	}
	if start != json.Delim('{') {
		return errors.New("a part of it is not an object")
	}
	var kind string
	early := map[string]json.RawMessage{}
	err = d.fields(func(name string) error {
		switch {
		case name == "@type":
			var url string
			if err := d.decoder.Decode(&url); err != nil {
				return fmt.Errorf("a part without a type: %w", err)
			}
			kind = messageName(url)
			d.found = d.found || sections[kind] != nil
			return nil
		case kind == "":
			var raw json.RawMessage
			if err := d.decoder.Decode(&raw); err != nil {
				return err
			}
			early[name] = raw
			return nil
		}
		return d.field(kind, name)
	})
	if err != nil {
		return named(kind, err)
	}
	for name, raw := range early {
		if err := d.earlyField(kind, name, raw); err != nil {
			return named(kind, err)
		}
	}
	return nil
}

func named(kind string, err error) error {
	if kind == "" {
		return err
	}
	return fmt.Errorf("%s: %w", kind, err)
}

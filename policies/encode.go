package policies

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tlsward/tlsward/mesh"
)

// encode gives the input as a Rego value, equal to what its JSON form would parse to: a round trip through JSON costs
// more than the policies themselves.
func encode(in *Input) (ast.Value, error) {
	object, err := encodeObject(in.Object)
	if err != nil {
		return nil, fmt.Errorf("object: %w", err)
	}
	old, err := encodeObject(in.OldObject)
	if err != nil {
		return nil, fmt.Errorf("oldObject: %w", err)
	}
	f := make(fields, 0, 5)
	f.add("request", encodeRequest(&in.Request))
	f.addIf(object != nil, "object", object)
	f.addIf(old != nil, "oldObject", old)
	f.add("egress", list(in.Egress, func(flow *mesh.Flow) *ast.Term { return encodeFlow(flow) }))
	if in.Callers != nil {
		f.add("callers", fields{
			pair("ingress", stringList(in.Callers.Ingress)),
			pair("waypoints", stringList(in.Callers.Waypoints)),
		}.term())
	}
	return f.term().Value, nil
}

// encodeObject gives nil for an absent object.
func encodeObject(o map[string]any) (*ast.Term, error) {
	if len(o) == 0 {
		return nil, nil
	}
	v, err := ast.InterfaceToValue(o)
	if err != nil {
		return nil, err
	}
	return ast.NewTerm(v), nil
}

func encodeRequest(r *Request) *ast.Term {
	return fields{
		pair("operation", text(r.Operation)),
		pair("kind", text(r.Kind)),
		pair("apiVersion", text(r.APIVersion)),
		pair("namespace", text(r.Namespace)),
		pair("name", text(r.Name)),
		pair("userInfo", fields{
			pair("username", text(r.UserInfo.Username)),
			pair("groups", stringList(r.UserInfo.Groups)),
		}.term()),
		pair("dryRun", boolean(r.DryRun)),
	}.term()
}

func encodeFlow(f *mesh.Flow) *ast.Term {
	o := make(fields, 0, 24)
	o.add("client", encodeClient(&f.Client))
	o.add("host", text(f.Host))
	o.add("port", number(f.Port))
	o.add("hops", list(f.Hops, encodeHop))
	o.add("verdict", text(f.Verdict))
	o.addIf(f.Cause != "", "cause", text(f.Cause))
	o.addIf(len(f.Considered) > 0, "considered", list(f.Considered, encodeConsidered))
	o.add("leg", text(f.Leg))
	o.addIf(f.Subset != "", "subset", text(f.Subset))
	o.addIf(f.Protocol != "", "protocol", text(f.Protocol))
	o.add("family", text(f.Family))
	o.add("payload", text(f.Payload))
	o.addIf(len(f.TargetPorts) > 0, "targetPorts", list(f.TargetPorts, func(p *uint32) *ast.Term { return number(*p) }))
	o.addIf(len(f.SNIHosts) > 0, "sniHosts", stringList(f.SNIHosts))
	o.addIf(len(f.EndpointHosts) > 0, "endpointHosts", stringList(f.EndpointHosts))
	o.addIf(f.ServerTLS != "", "serverTLS", text(f.ServerTLS))
	o.addIf(f.Before != "", "before", text(f.Before))
	o.addIf(f.Rule != nil, "rule", encodeRef(f.Rule))
	o.add("ours", boolean(f.Ours))
	o.addIf(f.Service != nil, "service", encodeRef(f.Service))
	o.addIf(f.Ignored, "ignored", boolean(true))
	o.addIf(f.By != "", "by", text(f.By))
	return o.term()
}

func encodeClient(c *mesh.Client) *ast.Term {
	o := make(fields, 0, 4)
	o.add("kind", text(c.Kind))
	o.add("namespace", text(c.Namespace))
	if len(c.Labels) > 0 {
		labels := make(fields, 0, len(c.Labels))
		for k, v := range c.Labels {
			labels.add(k, text(v))
		}
		o.add("labels", labels.term())
	}
	o.addIf(len(c.Gateways) > 0, "gateways", stringList(c.Gateways))
	return o.term()
}

func encodeHop(h *mesh.Hop) *ast.Term {
	o := make(fields, 0, 11)
	o.add("from", text(h.From))
	o.add("to", text(h.To))
	o.add("port", number(h.Port))
	o.add("protocol", text(h.Protocol))
	o.add("tls", text(h.TLS))
	o.add("sni", text(h.SNI))
	o.addIf(h.AutoSNI, "autoSNI", boolean(true))
	o.add("names", stringList(h.Names))
	o.addIf(h.AutoNames, "autoNames", boolean(true))
	o.add("verified", boolean(h.Verified))
	o.addIf(h.Insecure, "insecure", boolean(true))
	o.add("decidedBy", encodeDecision(h.DecidedBy))
	return o.term()
}

func encodeDecision(d *mesh.Decision) *ast.Term {
	if d == nil {
		return ast.NullTerm()
	}
	return fields{pair("object", encodeRef(&d.Object)), pair("field", text(d.Field))}.term()
}

func encodeConsidered(c *mesh.Considered) *ast.Term {
	return fields{pair("object", encodeRef(&c.Object)), pair("why", text(c.Why))}.term()
}

func encodeRef(r *mesh.Ref) *ast.Term {
	if r == nil {
		return ast.NullTerm()
	}
	o := make(fields, 0, 3)
	o.add("kind", text(r.Kind))
	o.addIf(r.Namespace != "", "namespace", text(r.Namespace))
	o.add("name", text(r.Name))
	return o.term()
}

// fields are an object's members while it is being built.
type fields [][2]*ast.Term

func pair(key string, value *ast.Term) [2]*ast.Term {
	return [2]*ast.Term{ast.InternedTerm(key), value}
}

func (f *fields) add(key string, value *ast.Term) { *f = append(*f, pair(key, value)) }

func (f *fields) addIf(present bool, key string, value *ast.Term) {
	if present {
		f.add(key, value)
	}
}

func (f fields) term() *ast.Term { return ast.ObjectTerm(f...) }

func text[S ~string](s S) *ast.Term { return ast.InternedTerm(string(s)) }

func number(n uint32) *ast.Term { return ast.InternedTerm(n) }

func boolean(b bool) *ast.Term { return ast.InternedTerm(b) }

// stringList gives null for a nil slice, as JSON does.
func stringList(items []string) *ast.Term {
	return list(items, func(s *string) *ast.Term { return text(*s) })
}

// list gives null for a nil slice, as JSON does.
func list[T any](items []T, encode func(*T) *ast.Term) *ast.Term {
	if items == nil {
		return ast.NullTerm()
	}
	terms := make([]*ast.Term, len(items))
	for i := range items {
		terms[i] = encode(&items[i])
	}
	return ast.ArrayTerm(terms...)
}

package policies

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tlsward/tlsward/mesh"
)

// encode gives the input as a Rego value, equal to what its JSON form would parse to: a round trip through JSON costs
// more than the policies themselves.
func (w words) encode(in *Input) ast.Value {
	e := encoder{
		words: w, seen: map[string]*ast.Term{}, refs: map[mesh.Ref]*ast.Term{}, decisions: map[mesh.Decision]*ast.Term{},
		lists: map[list]*ast.Term{},
	}
	return e.input(in)
}

// words are terms for the words that every input has: its keys, and the values that are often there.
type words map[string]*ast.Term

func newWords() words {
	w := words{}
	for _, s := range strings.Fields(vocabulary) {
		w[s] = ast.StringTerm(s)
	}
	w[""] = ast.StringTerm("")
	return w
}

// vocabulary holds the keys of Input, and the values of its enumerations.
const vocabulary = `
request object oldObject egress callers ingress waypoints
operation kind apiVersion namespace name userInfo username groups dryRun CREATE UPDATE DELETE
client host port hops verdict cause considered hopKind subset protocol family payload targetPorts sniHosts endpointHosts
serverTLS before wasUnrouted rule wildcardRule clientInRootNamespace hostNotVisible lostTLS successor decidedByObject service
ignored related ignoredForSome relatedUnused otherHosts labels gateways why
from to tls sni autoSNI names autoNames verified insecure decidedBy field
sidecar gateway waypoint ztunnel * plaintext originated application-tls double-tls unknown
http opaque unspecified udp HTTP HTTPS TLS TCP SIMPLE MUTUAL ISTIO_MUTUAL
no-rule unset disabled no-mode unselected
ServiceEntry DestinationRule VirtualService Gateway Sidecar AuthorizationPolicy
networking.istio.io/v1 security.istio.io/v1 system:authenticated default istio-system`

// encoder encodes one input. It remembers what it has seen: flows of one review speak of the same few names.
type encoder struct {
	words words
	seen  map[string]*ast.Term
	refs  map[mesh.Ref]*ast.Term

	decisions map[mesh.Decision]*ast.Term
	lists     map[list]*ast.Term
}

// list tells a slice of strings from another: flows of one host share theirs.
type list struct {
	first  *string
	length int
}

// input leaves the objects as they are until a policy reads them: most never do.
func (e *encoder) input(in *Input) ast.Value {
	members := map[string]any{
		"request": e.request(&in.Request).Value,
		"egress":  items(in.Egress, e.flow).Value,
	}
	if len(in.Object) > 0 {
		members["object"] = in.Object
	}
	if len(in.OldObject) > 0 {
		members["oldObject"] = in.OldObject
	}
	if in.Callers != nil {
		members["callers"] = e.callers(in.Callers).Value
	}
	return ast.LazyObject(members)
}

func (e *encoder) request(r *Request) *ast.Term {
	user := e.fields(2)
	user.add("username", e.text(r.UserInfo.Username))
	user.add("groups", e.texts(r.UserInfo.Groups))
	f := e.fields(7)
	f.add("operation", e.text(r.Operation))
	f.add("kind", e.text(r.Kind))
	f.add("apiVersion", e.text(r.APIVersion))
	f.add("namespace", e.text(r.Namespace))
	f.add("name", e.text(r.Name))
	f.add("userInfo", user.term())
	f.add("dryRun", boolean(r.DryRun))
	return f.term()
}

func (e *encoder) callers(c *Callers) *ast.Term {
	f := e.fields(2)
	f.add("ingress", e.texts(c.Ingress))
	f.add("waypoints", e.texts(c.Waypoints))
	return f.term()
}

func (e *encoder) flow(in *mesh.Flow) *ast.Term {
	f := e.fields(28)
	f.add("client", e.client(&in.Client))
	f.add("host", e.text(in.Host))
	f.add("port", number(&in.Port))
	f.add("hops", items(in.Hops, e.hop))
	f.add("verdict", e.text(string(in.Verdict)))
	f.addText("cause", string(in.Cause))
	f.addIf(len(in.Considered) > 0, "considered", items(in.Considered, e.considered))
	f.add("hopKind", e.text(string(in.HopKind)))
	f.addText("subset", in.Subset)
	f.addText("protocol", in.Protocol)
	f.add("family", e.text(string(in.Family)))
	f.add("payload", e.text(string(in.Payload)))
	f.addIf(len(in.TargetPorts) > 0, "targetPorts", items(in.TargetPorts, number))
	f.addIf(len(in.SNIHosts) > 0, "sniHosts", e.texts(in.SNIHosts))
	f.addIf(len(in.EndpointHosts) > 0, "endpointHosts", e.texts(in.EndpointHosts))
	f.addText("serverTLS", in.ServerTLS)
	f.addText("before", string(in.Before))
	f.addIf(in.WasUnrouted, "wasUnrouted", boolean(true))
	f.addIf(in.Rule != nil, "rule", e.ref(in.Rule))
	f.addIf(in.WildcardRule, "wildcardRule", boolean(in.WildcardRule))
	f.addIf(in.ClientInRootNamespace, "clientInRootNamespace", boolean(in.ClientInRootNamespace))
	f.addIf(in.HostNotVisible, "hostNotVisible", boolean(in.HostNotVisible))
	if in.LostTLS != nil {
		f.add("lostTLS", e.held(in.LostTLS))
	}
	f.add("decidedByObject", boolean(in.DecidedByObject))
	f.addIf(in.Service != nil, "service", e.ref(in.Service))
	f.addIf(in.Ignored, "ignored", boolean(true))
	f.addText("related", in.Related)
	f.addIf(in.IgnoredForSome, "ignoredForSome", boolean(in.IgnoredForSome))
	f.addIf(in.RelatedUnused, "relatedUnused", boolean(in.RelatedUnused))
	f.addIf(in.OtherHosts != 0, "otherHosts", ast.InternedTerm(in.OtherHosts))
	return f.term()
}

func (e *encoder) held(h *mesh.LostTLS) *ast.Term {
	f := e.fields(2)
	f.add("field", e.text(h.Field))
	f.add("successor", e.decision(&h.Successor))
	return f.term()
}

func (e *encoder) client(c *mesh.Client) *ast.Term {
	f := e.fields(4)
	f.add("kind", e.text(string(c.Kind)))
	f.add("namespace", e.text(c.Namespace))
	if len(c.Labels) > 0 {
		labels := e.fields(len(c.Labels))
		for k, v := range c.Labels {
			labels.add(k, e.text(v))
		}
		f.add("labels", labels.term())
	}
	f.addIf(len(c.Gateways) > 0, "gateways", e.texts(c.Gateways))
	return f.term()
}

func (e *encoder) hop(h *mesh.Hop) *ast.Term {
	f := e.fields(11)
	f.add("from", e.text(h.From))
	f.add("to", e.text(h.To))
	f.add("port", number(&h.Port))
	f.add("protocol", e.text(h.Protocol))
	f.add("tls", e.text(h.TLS))
	f.add("sni", e.text(h.SNI))
	f.addIf(h.AutoSNI, "autoSNI", boolean(true))
	f.add("names", e.texts(h.Names))
	f.addIf(h.AutoNames, "autoNames", boolean(true))
	f.add("verified", boolean(h.Verified))
	f.addIf(h.Insecure, "insecure", boolean(true))
	f.add("decidedBy", e.decision(h.DecidedBy))
	return f.term()
}

func (e *encoder) decision(d *mesh.Decision) *ast.Term {
	if d == nil {
		return ast.InternedNullTerm
	}
	if term, ok := e.decisions[*d]; ok {
		return term
	}
	f := e.fields(2)
	f.add("object", e.ref(&d.Object))
	f.add("field", e.text(d.Field))
	term := f.term()
	e.decisions[*d] = term
	return term
}

func (e *encoder) considered(c *mesh.Considered) *ast.Term {
	f := e.fields(2)
	f.add("object", e.ref(&c.Object))
	f.add("why", e.text(c.Why))
	return f.term()
}

func (e *encoder) ref(r *mesh.Ref) *ast.Term {
	if r == nil {
		return ast.InternedNullTerm
	}
	if term, ok := e.refs[*r]; ok {
		return term
	}
	f := e.fields(3)
	f.add("kind", e.text(r.Kind))
	f.addText("namespace", r.Namespace)
	f.add("name", e.text(r.Name))
	term := f.term()
	e.refs[*r] = term
	return term
}

// text gives the one term that stands for s in this input.
func (e *encoder) text(s string) *ast.Term {
	if term, ok := e.words[s]; ok {
		return term
	}
	if term, ok := e.seen[s]; ok {
		return term
	}
	term := ast.StringTerm(s)
	e.seen[s] = term
	return term
}

// texts gives null for a nil slice, as JSON does.
func (e *encoder) texts(all []string) *ast.Term {
	switch {
	case all == nil:
		return ast.InternedNullTerm
	case len(all) == 0:
		return ast.InternedEmptyArray
	}
	key := list{&all[0], len(all)}
	if term, ok := e.lists[key]; ok {
		return term
	}
	term := items(all, func(s *string) *ast.Term { return e.text(*s) })
	e.lists[key] = term
	return term
}

// fields are an object's members while it is being built.
type fields struct {
	encoder *encoder
	members [][2]*ast.Term
}

func (e *encoder) fields(size int) fields {
	return fields{encoder: e, members: make([][2]*ast.Term, 0, size)}
}

func (f *fields) add(key string, value *ast.Term) {
	f.members = append(f.members, [2]*ast.Term{f.encoder.text(key), value})
}

func (f *fields) addIf(present bool, key string, value *ast.Term) {
	if present {
		f.add(key, value)
	}
}

// addText leaves an empty text out.
func (f *fields) addText(key, value string) { f.addIf(value != "", key, f.encoder.text(value)) }

func (f *fields) term() *ast.Term { return ast.ObjectTerm(f.members...) }

func number(n *uint32) *ast.Term { return ast.InternedTerm(*n) }

func boolean(b bool) *ast.Term { return ast.InternedTerm(b) }

// items gives null for a nil slice, as JSON does.
func items[T any](all []T, encode func(*T) *ast.Term) *ast.Term {
	if all == nil {
		return ast.InternedNullTerm
	}
	terms := make([]*ast.Term, len(all))
	for i := range all {
		terms[i] = encode(&all[i])
	}
	return ast.ArrayTerm(terms...)
}

package mesh

import "slices"

// Governed is one cluster of one client whose TLS a DestinationRule decides, or would decide if it said anything.
type Governed struct {
	Client  Client
	Host    string
	Port    uint32
	Subset  string
	Cluster Cluster
	// EntryNames is true if the ServiceEntry has subjectAltNames of its own.
	EntryNames bool
}

// Governed lists the clusters whose TLS the rule decides, whether or not routes lead to them, in the order of the
// hosts and of their ports. Clusters of hosts inside the mesh are left out.
func (s *Snapshot) Governed(rule Ref) []Governed {
	o := s.Get(rule)
	if o == nil || o.Kind != KindDestinationRule {
		return nil
	}
	var list []Governed
	for host := range s.hostGroups(s.settings.qualify(ruleSpec(o).Host, o.Namespace), namesSent(ruleSpec(o)), nil) {
		if !s.external(host) {
			continue
		}
		for _, client := range s.Clients(host) {
			list = append(list, s.governedBy(o, client, host)...)
		}
	}
	return list
}

func (s *Snapshot) governedBy(o *Object, client Client, host string) []Governed {
	svc, ok := s.serviceFor(client, host)
	if !ok || !svc.external || client.Kind == ClientZtunnel {
		return nil
	}
	rule := s.rulesAt(client, svc).choose(client)
	if rule == nil || !slices.Contains(rule.from, o) {
		return nil
	}
	names := []string{""}
	for _, sub := range rule.subsets {
		names = append(names, sub.Name)
	}
	var list []Governed
	for _, p := range svc.ports {
		for _, name := range names {
			c, ok := s.cluster(client, svc, p.number, name)
			if !ok || c.Hop.DecidedBy == nil || c.Hop.DecidedBy.Object != o.Ref && (rule.policyOf != nil || name != "") {
				continue
			}
			list = append(list, Governed{
				Client: client, Host: host, Port: p.number, Subset: name, Cluster: c,
				EntryNames: len(svc.entry.GetSubjectAltNames()) > 0,
			})
		}
	}
	return list
}

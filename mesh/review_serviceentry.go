package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// serviceEntry adds the flows to all hosts of the ServiceEntry, as it is and as it was, and those to other hosts
// whose connections its listeners take.
func (r *review) serviceEntry() {
	var hosts []string
	for _, o := range r.versions() {
		hosts = append(hosts, o.Spec.(*networking.ServiceEntry).Hosts...)
	}
	slices.Sort(hosts)
	for _, host := range slices.Compact(hosts) {
		r.addHost(host, func(Client) bool { return true })
	}
	r.otherListeners()
}

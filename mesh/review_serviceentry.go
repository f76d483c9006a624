package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

func (r *review) serviceEntry() {
	var hosts []string
	for _, o := range []*Object{r.object, r.old} {
		if o != nil {
			hosts = append(hosts, o.Spec.(*networking.ServiceEntry).Hosts...)
		}
	}
	slices.Sort(hosts)
	for _, host := range slices.Compact(hosts) {
		r.host(host, func(Client) bool { return true })
	}
}

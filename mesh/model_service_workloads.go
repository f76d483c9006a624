package mesh

import (
	"maps"
	"net/netip"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// entryWorkloads returns the workloads of a ServiceEntry: those that its workloadSelector selects, else its
// endpoints, else, for DNS, its host.
func (s *Snapshot) entryWorkloads(svc *service) []*networking.WorkloadEntry {
	byName := svc.resolvesByDNS()
	switch {
	case svc.entry.WorkloadSelector != nil:
		return s.selectedWorkloads(svc.namespace, svc.selector, byName)
	case len(svc.entry.Endpoints) > 0:
		return slices.DeleteFunc(slices.Clone(svc.entry.Endpoints), func(w *networking.WorkloadEntry) bool { return w == nil })
	case byName:
		return []*networking.WorkloadEntry{{Address: svc.host}}
	}
	return nil
}

// selectedWorkloads returns the WorkloadEntries of a namespace that a selector selects, by the labels of their spec
// and of their metadata. Those whose address is a name count only for DNS (byName).
func (s *Snapshot) selectedWorkloads(namespace string, selector map[string]string, byName bool) []*networking.WorkloadEntry {
	var list []*networking.WorkloadEntry
	for _, o := range s.objects.Prefix(KindWorkloadEntry + "\x00" + namespace + "\x00") {
		entry := o.Spec.(*networking.WorkloadEntry)
		labels := workloadLabels(o)
		if !selectorMatches(selector, labels) || !byName && entry.Address != "" && !isAddress(entry.Address) {
			continue
		}
		list = append(list, &networking.WorkloadEntry{
			Address: entry.Address, Ports: entry.Ports, Labels: labels, ServiceAccount: entry.ServiceAccount,
		})
	}
	return list
}

// workloadLabels returns the labels of a WorkloadEntry: of its spec, and over them of its metadata.
func workloadLabels(o *Object) map[string]string {
	own := o.Spec.(*networking.WorkloadEntry).Labels
	switch {
	case len(o.Labels) == 0:
		return own
	case len(own) == 0:
		return o.Labels
	}
	labels := maps.Clone(own)
	maps.Copy(labels, o.Labels)
	return labels
}

// unixPrefix is how the address of a unix domain socket starts.
const unixPrefix = "unix://"

// isAddress reports whether an address is an IP address.
func isAddress(address string) bool {
	_, err := netip.ParseAddr(address)
	return err == nil
}

// acceptsMTLS reports whether a workload takes the mesh's mutual TLS: by its label, else where it has a service account
// (pilot/pkg/serviceregistry/serviceentry/conversion.go getTLSModeFromWorkloadEntry).
func acceptsMTLS(w *networking.WorkloadEntry) bool {
	if mode, ok := w.Labels["security.istio.io/tlsMode"]; ok {
		return mode != "disabled"
	}
	return w.ServiceAccount != ""
}

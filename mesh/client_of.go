package mesh

// ClientOf gives the vantage of one pod towards host: its sidecar or, in an ambient namespace, the waypoint of host
// or the ztunnel.
func (s *Snapshot) ClientOf(namespace string, labels map[string]string, host string) Client {
	if !s.isAmbient(namespace) {
		return Client{Kind: ClientSidecar, Namespace: namespace, Labels: labels}
	}
	for _, svc := range s.services.at(host) {
		if visible(svc.exportTo, svc.namespace, namespace) {
			return s.ambientClient(namespace, svc)
		}
	}
	return Client{Kind: ClientZtunnel, Namespace: namespace}
}

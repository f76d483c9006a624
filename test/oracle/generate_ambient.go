package oracle

import "maps"

// waypointName is the name of every waypoint that is made.
const waypointName = "waypoint"

// AmbientMesh makes a mesh with waypoints: namespaces and entries that use them, or would if they were there.
func (g *Generator) AmbientMesh() Mesh {
	m := g.Mesh()
	for _, namespace := range g.world.namespaces {
		if g.chance(0.6) {
			m = append(m, g.namespaceObject(namespace))
		}
	}
	for _, namespace := range []string{"default", "apps"} {
		if g.chance(0.8) {
			m = append(m, g.waypoint(namespace))
		}
	}
	for _, d := range m {
		if kind := d.Kind(); (kind == "ServiceEntry" || kind == "Service") && g.chance(0.5) {
			g.cover(kind + " uses a waypoint")
			g.useWaypoint(d)
		}
	}
	if sharesHosts(m) {
		stayHome(m)
	}
	return m
}

// sharesHosts reports whether entries of two namespaces have a host in common.
func sharesHosts(m Mesh) bool {
	namespaces := map[any]string{}
	for _, d := range m {
		if d.Kind() != "ServiceEntry" {
			continue
		}
		hosts, _ := d.Spec()["hosts"].(list)
		for _, h := range hosts {
			if have, ok := namespaces[h]; ok && have != d.Namespace() {
				return true
			}
			namespaces[h] = d.Namespace()
		}
	}
	return false
}

// stayHome lets everybody use a waypoint of their own namespace only: of two services of one host at one waypoint,
// Istio takes one at random.
func stayHome(m Mesh) {
	for _, d := range m {
		if labels, ok := d.metadata()["labels"].(object); ok {
			delete(labels, "istio.io/use-waypoint-namespace")
		}
	}
}

func (g *Generator) namespaceObject(name string) Document {
	g.cover("Namespace ambient")
	d := Document{"apiVersion": "v1", "kind": "Namespace", "metadata": object{
		"name": name, "labels": object{"istio.io/dataplane-mode": "ambient"},
	}}
	if g.chance(0.5) {
		g.cover("Namespace uses a waypoint")
		g.useWaypoint(d)
	}
	return d
}

func (g *Generator) useWaypoint(d Document) {
	labels := object{"istio.io/use-waypoint": waypointName}
	switch weighted(g, 6, 1, 1, 3) {
	case 1:
		g.cover("use-waypoint none")
		labels["istio.io/use-waypoint"] = "none"
	case 2:
		g.cover("use-waypoint unknown")
		labels["istio.io/use-waypoint"] = "unknown"
	case 3:
		g.cover("use-waypoint-namespace")
		labels["istio.io/use-waypoint-namespace"] = pick(g, "default", "apps")
	}
	if have, ok := d.metadata()["labels"].(object); ok {
		maps.Copy(labels, have)
	}
	d.metadata()["labels"] = labels
}

func (g *Generator) waypoint(namespace string) Document {
	g.cover("waypoint")
	meta := object{"name": waypointName, "namespace": namespace}
	switch weighted(g, 3, 2, 1, 1) {
	case 1:
		meta["labels"] = object{"istio.io/waypoint-for": "service"}
	case 2:
		meta["labels"] = object{"istio.io/waypoint-for": "all"}
	case 3:
		g.cover("waypoint for workloads only")
		meta["labels"] = object{"istio.io/waypoint-for": "workload"}
	}
	listener := object{"name": "mesh", "port": 15008, "protocol": "HBONE"}
	switch weighted(g, 4, 2, 1) {
	case 0:
		g.cover("waypoint for all namespaces")
		listener["allowedRoutes"] = object{"namespaces": object{"from": "All"}}
	case 1:
		g.cover("waypoint for its own namespace")
	default:
		g.cover("waypoint for its own namespace")
		listener["allowedRoutes"] = object{"namespaces": object{"from": "Same"}}
	}
	return Document{
		"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": meta,
		"spec": object{"gatewayClassName": "istio-waypoint", "listeners": list{listener}},
	}
}

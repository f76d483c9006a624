package mesh

import (
	"encoding/json"
	"strings"
)

// ingressUpstream is how an Ingress's controller speaks to a Service, by annotations.
type ingressUpstream struct {
	// object and field are what says so.
	object *Object
	field  string
	tls    bool
	// serverName is the SNI that is sent, "" for none; namesUnknown reports whether nothing here says which.
	serverName   string
	namesUnknown bool
	// verifies reports whether the server's certificate is checked; certificate whether one of the client's is sent.
	verifies, certificate bool
}

// The annotations that are read; each controller's own documentation is its source.
const (
	// IBM Cloud's ALB: "ssl-service=NAME ssl-secret=SECRET proxy-ssl-name=HOST;...", for the services that are named
	// (IBM Cloud Kubernetes Service, Ingress annotations, ssl-services).
	iksServices = "ingress.bluemix.net/ssl-services"
	// ingress-nginx (user guide, annotations: Backend Protocol, Backend Certificate Authentication).
	nginxPrefix   = "nginx.ingress.kubernetes.io/"
	nginxProtocol = nginxPrefix + "backend-protocol"
	// AWS Load Balancer Controller (guide, Ingress annotations: backend-protocol).
	albPrefix   = "alb.ingress.kubernetes.io/"
	albProtocol = albPrefix + "backend-protocol"
	// GKE Ingress (Ingress for external Application Load Balancers: HTTPS to the backends): of the Service, JSON by port name.
	gkeProtocols = "cloud.google.com/app-protocols"
	// Traefik (Kubernetes Ingress provider): of the Service.
	traefikPrefix = "traefik.ingress.kubernetes.io/"
	traefikScheme = traefikPrefix + "service.serversscheme"

	ingressClassAnnotation = "kubernetes.io/ingress.class"
)

// nginxUpstreamName is the name that ingress-nginx sends where it is told to send one, and not which: that of the upstream in its
// nginx.conf.
const nginxUpstreamName = "upstream_balancer"

// ingressController is the controller of an Ingress, as far as its annotations are known.
type ingressController struct {
	object *Object
	// name is one of the controllers' names, "" for none that is known; classless reports whether no class says which one it is.
	name      string
	classless bool
	// iks has the services that ssl-services names.
	iks map[string]ingressUpstream
}

// The controllers whose annotations are read.
const (
	controllerIKS     = "iks"
	controllerNginx   = "nginx"
	controllerALB     = "alb"
	controllerGCE     = "gce"
	controllerTraefik = "traefik"
)

// controllerOf returns the controller of an Ingress. Which one it is, its class says, or else whose annotations there are.
func controllerOf(o *Object, ingress *Ingress) ingressController {
	class := ingress.Class
	if class == "" {
		class = o.Annotations[ingressClassAnnotation]
	}
	c := ingressController{object: o, classless: class == ""}
	if o.Annotations[iksServices] != "" {
		c.name, c.iks = controllerIKS, iksUpstreams(o)
		return c
	}
	for _, known := range []struct{ name, prefix string }{
		{controllerNginx, nginxPrefix}, {controllerALB, albPrefix}, {controllerGCE, gkeProtocols}, {controllerTraefik, traefikPrefix},
	} {
		if strings.Contains(class, known.name) || class == "" && hasPrefix(o.Annotations, known.prefix) {
			c.name = known.name
			break
		}
	}
	return c
}

// upstream returns how the controller speaks to a port of a Service, whose annotation gkeProtocols says protocols; ok is false where it is
// not known.
func (c ingressController) upstream(service *Object, port ServicePort, protocols map[string]string) (u ingressUpstream, ok bool) {
	name := c.name
	if c.classless && (name == "" || name == controllerTraefik) && service.Annotations[gkeProtocols] != "" {
		name = controllerGCE
	}
	switch name {
	case controllerIKS:
		u, named := c.iks[service.Name]
		if !named {
			u = ingressUpstream{object: c.object, field: annotationField(iksServices)}
		}
		return u, true
	case controllerNginx:
		return nginxUpstream(c.object), true
	case controllerALB:
		tls := strings.EqualFold(c.object.Annotations[albProtocol], "HTTPS")
		return ingressUpstream{object: c.object, field: annotationField(albProtocol), tls: tls, namesUnknown: true}, true
	case controllerGCE:
		return gkeUpstream(service, protocols[port.Name]), true
	case controllerTraefik:
		return traefikUpstream(service), true
	}
	return ingressUpstream{}, false
}

func annotationField(key string) string { return "metadata.annotations[" + key + "]" }

func hasPrefix(annotations map[string]string, prefix string) bool {
	for key := range annotations {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

// iksUpstreams reads ssl-services; a service that it does not name is spoken to in plaintext.
func iksUpstreams(o *Object) map[string]ingressUpstream {
	named := map[string]ingressUpstream{}
	for entry := range strings.SplitSeq(o.Annotations[iksServices], ";") {
		settings := map[string]string{}
		for word := range strings.FieldsSeq(entry) {
			key, value, _ := strings.Cut(word, "=")
			settings[key] = value
		}
		secret := settings["ssl-secret"] != ""
		named[settings["ssl-service"]] = ingressUpstream{
			object: o, field: annotationField(iksServices), tls: true, serverName: settings["proxy-ssl-name"], verifies: secret, certificate: secret,
		}
	}
	return named
}

// nginxUpstream reads the annotations of ingress-nginx: no SNI is sent unless proxy-ssl-server-name is on, and nothing is checked
// unless proxy-ssl-verify is.
func nginxUpstream(o *Object) ingressUpstream {
	protocol := strings.ToUpper(o.Annotations[nginxProtocol])
	u := ingressUpstream{object: o, field: annotationField(nginxProtocol), tls: protocol == "HTTPS" || protocol == "GRPCS"}
	u.certificate = o.Annotations[nginxPrefix+"proxy-ssl-secret"] != ""
	u.verifies = u.certificate && strings.EqualFold(o.Annotations[nginxPrefix+"proxy-ssl-verify"], "on")
	if strings.EqualFold(o.Annotations[nginxPrefix+"proxy-ssl-server-name"], "on") {
		u.serverName = nginxUpstreamName
		if name := o.Annotations[nginxPrefix+"proxy-ssl-name"]; name != "" {
			u.serverName = name
		}
	}
	return u
}

// gkeProtocolsOf returns the protocols of a Service's ports, by their names.
func gkeProtocolsOf(service *Object) map[string]string {
	var protocols map[string]string
	if json.Unmarshal([]byte(service.Annotations[gkeProtocols]), &protocols) != nil {
		return nil
	}
	return protocols
}

func gkeUpstream(service *Object, protocol string) ingressUpstream {
	return ingressUpstream{object: service, field: annotationField(gkeProtocols), tls: protocol == "HTTPS" || protocol == "HTTP2", namesUnknown: true}
}

// traefikUpstream reads the Service's scheme. Names and checks may be in a ServersTransport, which is not known here.
func traefikUpstream(service *Object) ingressUpstream {
	return ingressUpstream{
		object: service, field: annotationField(traefikScheme), tls: service.Annotations[traefikScheme] == "https" || service.Annotations[traefikScheme] == "h2c+tls",
		verifies: true, namesUnknown: true,
	}
}

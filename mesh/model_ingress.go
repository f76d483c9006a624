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

// upstreamOf returns how the controller of an Ingress speaks to a port of a Service; ok is false for controllers that are not
// known. Which one it is, its class says, or else whose annotations there are.
func upstreamOf(o *Object, ingress *Ingress, service *Object, port ServicePort) (u ingressUpstream, ok bool) {
	class := ingress.Class
	if class == "" {
		class = o.Annotations[ingressClassAnnotation]
	}
	is := func(name, prefix string) bool {
		return strings.Contains(class, name) || class == "" && hasPrefix(o.Annotations, prefix)
	}
	switch {
	case o.Annotations[iksServices] != "":
		return iksUpstream(o, service.Name), true
	case is("nginx", nginxPrefix):
		return nginxUpstream(o), true
	case is("alb", albPrefix):
		tls := strings.EqualFold(o.Annotations[albProtocol], "HTTPS")
		return ingressUpstream{object: o, field: annotationField(albProtocol), tls: tls, namesUnknown: true}, true
	case is("gce", gkeProtocols) || class == "" && service.Annotations[gkeProtocols] != "":
		return gkeUpstream(service, port), true
	case is("traefik", traefikPrefix):
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

// iksUpstream reads ssl-services; a service that it does not name is spoken to in plaintext.
func iksUpstream(o *Object, service string) ingressUpstream {
	u := ingressUpstream{object: o, field: annotationField(iksServices)}
	for entry := range strings.SplitSeq(o.Annotations[iksServices], ";") {
		settings := map[string]string{}
		for word := range strings.FieldsSeq(entry) {
			key, value, _ := strings.Cut(word, "=")
			settings[key] = value
		}
		if settings["ssl-service"] == service {
			secret := settings["ssl-secret"] != ""
			u.tls, u.serverName, u.verifies, u.certificate = true, settings["proxy-ssl-name"], secret, secret
		}
	}
	return u
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

// gkeUpstream reads the Service's protocols, by the names of its ports.
func gkeUpstream(service *Object, port ServicePort) ingressUpstream {
	var protocols map[string]string
	if json.Unmarshal([]byte(service.Annotations[gkeProtocols]), &protocols) != nil {
		protocols = nil
	}
	protocol := protocols[port.Name]
	return ingressUpstream{object: service, field: annotationField(gkeProtocols), tls: protocol == "HTTPS" || protocol == "HTTP2", namesUnknown: true}
}

// traefikUpstream reads the Service's scheme. Names and checks may be in a ServersTransport, which is not known here.
func traefikUpstream(service *Object) ingressUpstream {
	return ingressUpstream{
		object: service, field: annotationField(traefikScheme), tls: service.Annotations[traefikScheme] == "https" || service.Annotations[traefikScheme] == "h2c+tls",
		verifies: true, namesUnknown: true,
	}
}

package mesh

import "testing"

func TestIngressUpstream(t *testing.T) {
	for name, c := range map[string]struct {
		class            string
		ingress, service map[string]string
		want             ingressUpstream
		unknown          bool
	}{
		"no controller that is known":  {class: "homemade", unknown: true},
		"nothing at all":               {unknown: true},
		"annotations of another class": {class: "homemade", ingress: map[string]string{nginxProtocol: "HTTPS"}, unknown: true},
		"IBM Cloud's ALB":              {ingress: map[string]string{iksServices: "ssl-service=a;ssl-service=gw ssl-secret=s proxy-ssl-name=n"}, want: ingressUpstream{tls: true, serverName: "n", verifies: true, certificate: true}},
		"without a secret":             {ingress: map[string]string{iksServices: "ssl-service=gw"}, want: ingressUpstream{tls: true}},
		"for another service":          {ingress: map[string]string{iksServices: "ssl-service=a ssl-secret=s"}, want: ingressUpstream{}},
		"ingress-nginx in plaintext":   {class: "public-iks-k8s-nginx", want: ingressUpstream{}},
		"ingress-nginx":                {ingress: map[string]string{nginxProtocol: "GRPCS"}, want: ingressUpstream{tls: true}},
		"with a name that is not sent": {ingress: map[string]string{nginxProtocol: "https", nginxPrefix + "proxy-ssl-name": "n"}, want: ingressUpstream{tls: true}},
		"with its own name":            {ingress: map[string]string{nginxProtocol: "HTTPS", nginxPrefix + "proxy-ssl-server-name": "on"}, want: ingressUpstream{tls: true, serverName: nginxUpstreamName}},
		"all of it": {ingress: map[string]string{nginxProtocol: "HTTPS", nginxPrefix + "proxy-ssl-server-name": "on", nginxPrefix + "proxy-ssl-name": "n",
			nginxPrefix + "proxy-ssl-verify": "on", nginxPrefix + "proxy-ssl-secret": "a/b"}, want: ingressUpstream{tls: true, serverName: "n", verifies: true, certificate: true}},
		"checking without a CA": {ingress: map[string]string{nginxProtocol: "HTTPS", nginxPrefix + "proxy-ssl-verify": "on"}, want: ingressUpstream{tls: true}},
		"AWS":                   {class: "alb", ingress: map[string]string{albProtocol: "HTTPS"}, want: ingressUpstream{tls: true, namesUnknown: true}},
		"GKE":                   {ingress: map[string]string{ingressClassAnnotation: "gce-internal"}, service: map[string]string{gkeProtocols: `{"https": "HTTPS"}`}, want: ingressUpstream{tls: true, namesUnknown: true}},
		"GKE, another port":     {service: map[string]string{gkeProtocols: `{"web": "HTTPS"}`}, want: ingressUpstream{namesUnknown: true}},
		"GKE, not JSON":         {service: map[string]string{gkeProtocols: `{`}, want: ingressUpstream{namesUnknown: true}},
		"Traefik":               {class: "traefik", service: map[string]string{traefikScheme: "https"}, want: ingressUpstream{tls: true, verifies: true, namesUnknown: true}},
	} {
		t.Run(name, func(t *testing.T) {
			ingress := &Object{Ref: Ref{Kind: KindIngress, Name: "a"}, Annotations: c.ingress}
			service := &Object{Ref: Ref{Kind: KindService, Name: "gw"}, Annotations: c.service}
			have, ok := controllerOf(ingress, &Ingress{Class: c.class}).upstream(service, ServicePort{Name: "https"}, gkeProtocolsOf(service))
			if have.object == nil == ok {
				t.Errorf("known: %t, and decided by %v", ok, have.object)
			}
			have.object, have.field = nil, ""
			if ok == c.unknown || have != c.want {
				t.Errorf("have %+v, %t, want %+v", have, ok, c.want)
			}
		})
	}
}

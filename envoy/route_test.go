package envoy

import "testing"

func TestRoutes(t *testing.T) {
	const mirror = "0.0.0.0_8080 > http.8080 > a > "
	to := func(host, path string) Connection { return dialled("198.51.100.1:8080", get(host, path)) }
	with := func(host, path, header, value string) Connection {
		c := to(host, path)
		c.Payload.HTTP.Headers = map[string]string{header: value}
		return c
	}
	walkAll(t, load(t, "routes.yaml"), []walkCase{
		{"a direct response", to("a.example.com", "/direct"), []string{
			"0.0.0.0_8080 > http.8080 > a > direct => local-reply 503  (a direct response)",
		}},
		{"a redirect, the port of which is stripped", to("a.example.com:8080", "/old/x?y=z"), []string{
			"0.0.0.0_8080 > http.8080 > a > redirect => local-reply 302 http://b.example.com/new/x?y=z (a redirect)",
		}},
		{"another port is not stripped", to("a.example.com:8081", "/direct"), []string{
			"0.0.0.0_8080 > http.8080 => local-reply 404  (no virtual host of http.8080 has the domain a.example.com:8081)",
		}},
		{"no route", to("a.example.com", "/other"), []string{
			"0.0.0.0_8080 > http.8080 > a => local-reply 404  (no route of virtual host a matches)",
		}},
		{"half of the requests, with the virtual host's mirror", to("a.example.com", "/half"), []string{
			mirror + "half > tls => maybe mirror upstream 192.0.2.2:443 TLS{sni=a.example.com-shadow from authority auto san=a.example.com-shadow ca=file /ca.pem} as a.example.com-shadow",
			mirror + "half > static => maybe upstream 192.0.2.1:80",
			"0.0.0.0_8080 > http.8080 > a => maybe local-reply 404  (no route of virtual host a matches)",
		}},
		{"a cluster from a header", with("a.example.com", "/header", "x-cluster", "static"), []string{
			mirror + "header > tls => mirror upstream 192.0.2.2:443 TLS{sni=a.example.com-shadow from authority auto san=a.example.com-shadow ca=file /ca.pem} as a.example.com-shadow",
			mirror + "header > static => upstream 192.0.2.1:80",
		}},
		{"weights, and the hosts that come with them", to("a.example.com", "/weighted"), []string{
			mirror + "weighted > tls => maybe mirror upstream 192.0.2.2:443 TLS{sni=one.example.com-shadow from authority auto san=one.example.com-shadow ca=file /ca.pem} as one.example.com-shadow",
			mirror + "weighted > tls => maybe mirror upstream 192.0.2.2:443 TLS{sni=a.example.com-shadow from authority auto san=a.example.com-shadow ca=file /ca.pem} as a.example.com-shadow",
			mirror + "weighted > tls => maybe upstream 192.0.2.2:443 TLS{sni=one.example.com from authority auto san=one.example.com ca=file /ca.pem} as one.example.com",
			mirror + "weighted > static => maybe upstream 192.0.2.1:80",
		}},
		{"the route's rewrite comes after the cluster's", to("a.example.com", "/rewritten"), []string{
			mirror + "weighted-and-rewritten > tls => mirror upstream 192.0.2.2:443 TLS{sni=route.example.com-shadow from authority auto san=route.example.com-shadow ca=file /ca.pem} as route.example.com-shadow",
			mirror + "weighted-and-rewritten > tls => upstream 192.0.2.2:443 TLS{sni=route.example.com from authority auto san=route.example.com ca=file /ca.pem} as route.example.com",
		}},
		{"mirrors of the route's own", to("a.example.com", "/mirrored"), []string{
			mirror + "mirrored > tls => mirror upstream 192.0.2.2:443 TLS{sni=a.example.com-shadow from authority auto san=a.example.com-shadow ca=file /ca.pem} as a.example.com-shadow",
			mirror + "mirrored > tls => mirror upstream 192.0.2.2:443 TLS{sni=a.example.com from authority auto san=a.example.com ca=file /ca.pem}",
			mirror + "mirrored > static => upstream 192.0.2.1:80",
		}},
		{"a cluster that does not exist", to("a.example.com", "/missing"), []string{
			mirror + "missing > nowhere => no-cluster 404  (there is no cluster nowhere)",
		}},
		{"a plugin", to("a.example.com", "/plugin"), []string{
			mirror + "plugin > tls => mirror upstream 192.0.2.2:443 TLS{sni=a.example.com-shadow from authority auto san=a.example.com-shadow ca=file /ca.pem} as a.example.com-shadow",
			mirror + "plugin => unknown [unknown route plugin (chooses its cluster by a plugin)]",
		}},
		{"a filter that the route switches on", to("a.example.com", "/lua"), []string{
			mirror + "lua > tls => mirror upstream 192.0.2.2:443 TLS{sni=a.example.com-shadow from authority auto san=a.example.com-shadow ca=file /ca.pem} as a.example.com-shadow [unknown HTTP filter off (envoy.extensions.filters.http.lua.v3.Lua)]",
			mirror + "lua > static => upstream 192.0.2.1:80 [unknown HTTP filter off (envoy.extensions.filters.http.lua.v3.Lua)]",
		}},
		{"bytes that are not HTTP", dialled("198.51.100.1:8080", Payload{}), []string{
			"0.0.0.0_8080 => reset (the HTTP connection manager is sent bytes that are not HTTP)",
		}},
	})
}

func TestAuthority(t *testing.T) {
	const path = "0.0.0.0_8080 > http.8080 > host > "
	to := func(path string) Connection { return dialled("198.51.100.1:8080", get("host.example.com", path)) }
	from := to("/header/x")
	from.Payload.HTTP.Headers = map[string]string{"x-host": "h.example.com"}
	without := to("/header/x")
	without.Payload.HTTP.Headers = map[string]string{}
	walkAll(t, load(t, "routes.yaml"), []walkCase{
		{"a literal, whose port is no part of the SNI", to("/literal"), []string{
			path + "literal > tls => upstream 192.0.2.2:443 TLS{sni=set.example.com from authority auto san=set.example.com ca=file /ca.pem} as set.example.com:8443",
		}},
		{"a header", from, []string{
			path + "from-header > tls => upstream 192.0.2.2:443 TLS{sni=h.example.com from authority auto san=h.example.com ca=file /ca.pem} as h.example.com",
		}},
		{"a header that is not there", without, []string{
			path + "from-header > tls => upstream 192.0.2.2:443 TLS{sni=host.example.com from authority auto san=host.example.com ca=file /ca.pem}",
		}},
		{"a header that is unspecified", to("/header/x"), []string{
			path + "from-header > tls => upstream 192.0.2.2:443 TLS{sni= from authority auto san= ca=file /ca.pem} as ?",
		}},
		{"the path", to("/path/shop/x"), []string{
			path + "from-path > tls => upstream 192.0.2.2:443 TLS{sni=shop.example.com from authority auto san=shop.example.com ca=file /ca.pem} as shop.example.com",
		}},
		{"an address, of which no SNI is made", to("/address"), []string{
			path + "address > tls => upstream 192.0.2.2:443 TLS{auto san=192.0.2.7 ca=file /ca.pem} as 192.0.2.7",
		}},
		{"the endpoint's name, and its SNI", to("/auto"), []string{
			path + "auto > named => maybe upstream one.example.net:443 TLS{sni=one.example.net from endpoint auto san=one.example.net ca=file /ca.pem} as one.example.net",
			path + "auto > named => maybe upstream 192.0.2.3:443 TLS{sni=two.example.net from endpoint auto san=two.example.net ca=file /ca.pem} as two.example.net",
		}},
		{"a Host header to add", to("/added"), []string{
			path + "added > tls => upstream 192.0.2.2:443 TLS{sni=host.example.com from authority auto san=host.example.com ca=file /ca.pem} [unknown route added (adds the header Host, which Envoy refuses)]",
		}},
	})
}

func TestTermination(t *testing.T) {
	inside := func(name string, p Payload) Payload {
		h := hello(name)
		h.TLS.Inside = p
		return h
	}
	walkAll(t, load(t, "routes.yaml"), []walkCase{
		{"a request inside TLS", dialled("198.51.100.1:8443", inside("a.example.com", get("secure.example.com", "/"))), []string{
			"0.0.0.0_8443 > https > http.8080 > secure > all > static => upstream 192.0.2.1:80",
		}},
		{"a request in plaintext to a host that requires TLS", dialled("198.51.100.1:8080", get("secure.example.com", "/x")), []string{
			"0.0.0.0_8080 > http.8080 > secure => local-reply 301 https://secure.example.com/x (the virtual host requires TLS)",
		}},
		{"plaintext where TLS is expected", dialled("198.51.100.1:8443", get("a.example.com", "/")), []string{
			"0.0.0.0_8443 => reset (no filter chain of 0.0.0.0_8443 matches)",
		}},
		{"another name", dialled("198.51.100.1:8443", hello("other.example.org")), []string{
			"0.0.0.0_8443 => reset (no filter chain of 0.0.0.0_8443 matches)",
		}},
		{"weights of tcp_proxy", dialled("198.51.100.1:8443", hello("raw.example.net")), []string{
			"0.0.0.0_8443 > passthrough > static => maybe upstream 192.0.2.1:80",
			"0.0.0.0_8443 > passthrough > empty => maybe no-endpoint (cluster empty has no endpoint)",
		}},
		{"a server that speaks first", dialled("198.51.100.1:8443", Payload{ServerFirst: true}), []string{
			"0.0.0.0_8443 => reset (the listener's filters waited for the client's first bytes in vain)",
		}},
	})
}

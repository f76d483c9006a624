package envoy

import "testing"

func TestSidecar(t *testing.T) {
	walkAll(t, load(t, "sidecar.yaml"), []walkCase{
		{"a declared host", outbound("203.0.113.99:80", get("edition.cnn.com", "/")), []string{
			"0.0.0.0_80 > http > 80 > edition.cnn.com:80 > default > outbound|80||edition.cnn.com => upstream edition.cnn.com:443" +
				" TLS{sni=edition.cnn.com from authority auto san=edition.cnn.com ca=secret file-root:system}",
		}},
		{"its port in the Host header", outbound("203.0.113.99:80", get("Edition.CNN.com:80", "/")), []string{
			"0.0.0.0_80 > http > 80 > edition.cnn.com:80 > default > outbound|80||edition.cnn.com => upstream edition.cnn.com:443" +
				" TLS{sni=Edition.CNN.com from authority auto san=Edition.CNN.com ca=secret file-root:system}",
		}},
		{"another host", outbound("203.0.113.99:80", get("other.example.com", "/")), []string{
			"0.0.0.0_80 > http > 80 > allow_any > allow_any > PassthroughCluster => upstream 203.0.113.99:80",
		}},
		{"TLS on the port for HTTP", outbound("203.0.113.99:80", hello("edition.cnn.com")), []string{
			"0.0.0.0_80 > PassthroughFilterChain > PassthroughCluster => upstream 203.0.113.99:80",
		}},
		{"a server that speaks first", outbound("203.0.113.99:80", Payload{ServerFirst: true}), []string{
			"0.0.0.0_80 => stalled (the listener's filters wait for the client's first bytes without a limit)",
		}},
		{"an address with a listener of its own", outbound("203.0.113.10:80", get("edition.cnn.com", "/")), []string{
			"203.0.113.10_80 > outbound|80||db.example.com => maybe upstream 192.0.2.1:3306" +
				" TLS{sni=outbound_.80_._.db.example.com from config san=spiffe://cluster.local/ns/db/sa/db ca=secret ROOTCA cert=default}",
			"203.0.113.10_80 > outbound|80||db.example.com => maybe upstream 192.0.2.2:3306",
		}},
		{"its additional address", outbound("[2001:db8::10]:80", Payload{}), []string{
			"203.0.113.10_80 > outbound|80||db.example.com => maybe upstream 192.0.2.1:3306" +
				" TLS{sni=outbound_.80_._.db.example.com from config san=spiffe://cluster.local/ns/db/sa/db ca=secret ROOTCA cert=default}",
			"203.0.113.10_80 > outbound|80||db.example.com => maybe upstream 192.0.2.2:3306",
		}},
		{"IPv6 on a port whose listener is for IPv4 alone", outbound("[2001:db8::99]:80", get("edition.cnn.com", "/")), []string{
			"virtualOutbound > virtualOutbound-catchall-tcp > PassthroughCluster => upstream [2001:db8::99]:80",
		}},
		{"IPv4 on a port whose listener is for both", outbound("203.0.113.99:443", hello("EDITION.cnn.com")), []string{
			"[::]_443 > edition > outbound|443||edition.cnn.com => upstream edition.cnn.com:443",
		}},
		{"no filter chain and no default", outbound("203.0.113.99:443", hello("other.example.com")), []string{
			"[::]_443 => reset (no filter chain of [::]_443 matches)",
		}},
		{"a port that no listener is for", outbound("203.0.113.99:8443", hello("edition.cnn.com")), []string{
			"virtualOutbound > virtualOutbound-catchall-tcp > PassthroughCluster => upstream 203.0.113.99:8443",
		}},
		{"the port of the redirect itself", outbound("203.0.113.99:15001", Payload{}), []string{
			"virtualOutbound > virtualOutbound-blackhole > BlackHoleCluster => no-endpoint (cluster BlackHoleCluster has no endpoint)",
		}},
		{"a listener without a socket", dialled("203.0.113.99:80", get("edition.cnn.com", "/")), []string{
			" => reset (no listener accepts 203.0.113.99:80)",
		}},
	})
}

package envoy

import (
	"strconv"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

// redirectStatus are the statuses of a RedirectAction.
var redirectStatus = map[routev3.RedirectAction_RedirectResponseCode]uint32{
	routev3.RedirectAction_MOVED_PERMANENTLY:  301,
	routev3.RedirectAction_FOUND:              302,
	routev3.RedirectAction_SEE_OTHER:          303,
	routev3.RedirectAction_TEMPORARY_REDIRECT: 307,
	routev3.RedirectAction_PERMANENT_REDIRECT: 308,
}

// redirect answers a request with another address for it.
func (w *walk) redirect(b branch, m *routev3.RouteMatch, a *routev3.RedirectAction) {
	b.outcome.Reply = &Reply{Status: redirectStatus[a.GetResponseCode()], Location: location(b, m, a)}
	w.end(b, EndReply, "a redirect")
}

// requireTLS answers a plaintext request to a virtual host that wants TLS with a redirect to https.
func (w *walk) requireTLS(b branch) {
	b.outcome.Reply = &Reply{Status: 301, Location: location(b, nil, &routev3.RedirectAction{
		SchemeRewriteSpecifier: &routev3.RedirectAction_HttpsRedirect{HttpsRedirect: true},
	})}
	w.end(b, EndReply, "the virtual host requires TLS")
}

// location returns where a redirect sends a request, empty where the request leaves that unspecified
// (source/common/router/config_impl.cc, newUri).
func location(b branch, m *routev3.RouteMatch, a *routev3.RedirectAction) string {
	scheme := "http"
	if b.secure {
		scheme = "https"
	}
	from := scheme
	switch {
	case a.GetHttpsRedirect():
		scheme = "https"
	case a.GetSchemeRedirect() != "":
		scheme = a.GetSchemeRedirect()
	}
	host, path := redirectHost(b.request.Host, from, scheme, a), redirectPath(b.request.Path, m, a)
	if host == "" || path == "" {
		return ""
	}
	return scheme + "://" + host + path
}

// redirectHost keeps the request's port unless it is the default one of a scheme that changes.
func redirectHost(host, from, to string, a *routev3.RedirectAction) string {
	name, port := splitPort(host)
	if from != to && (from == "http" && port == "80" || from == "https" && port == "443") {
		port = ""
	}
	if a.GetHostRedirect() != "" {
		name, port = a.GetHostRedirect(), ""
	}
	if a.GetPortRedirect() != 0 {
		port = strconv.FormatUint(uint64(a.GetPortRedirect()), 10)
	}
	if name == "" || port == "" {
		return name
	}
	return name + ":" + port
}

func redirectPath(path string, m *routev3.RouteMatch, a *routev3.RedirectAction) string {
	plain, query, has := strings.Cut(path, "?")
	switch s := a.GetPathRewriteSpecifier().(type) {
	case *routev3.RedirectAction_PathRedirect:
		return s.PathRedirect
	case *routev3.RedirectAction_PrefixRewrite:
		if path == "" {
			return ""
		}
		prefix := m.GetPrefix() + m.GetPathSeparatedPrefix() + m.GetPath()
		plain = s.PrefixRewrite + strings.TrimPrefix(plain, prefix)
	case nil:
	default:
		return ""
	}
	if has && !a.GetStripQuery() {
		return plain + "?" + query
	}
	return plain
}

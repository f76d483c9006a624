package mesh

import "slices"

// Verdict is the form in which bytes leave the mesh.
type Verdict string

// The verdicts.
const (
	// Plaintext: the bytes leave as the application wrote them, and are not declared to be TLS.
	Plaintext Verdict = "plaintext"
	// Originated: a proxy starts TLS around them.
	Originated Verdict = "originated"
	// ApplicationTLS: the application starts TLS itself, the proxies pass it on.
	ApplicationTLS Verdict = "application-tls"
	// DoubleTLS: a proxy starts TLS around the application's TLS.
	DoubleTLS Verdict = "double-tls"
	// Unknown: the mesh has no answer, as for a host or port that is not declared. An opaque protocol without TLS is
	// Plaintext.
	Unknown Verdict = "unknown"
)

// worse returns the verdict of two that a person would want to know first.
func worse(a, b Verdict) Verdict {
	order := []Verdict{Plaintext, Unknown, DoubleTLS, ApplicationTLS, Originated}
	if slices.Index(order, a) < slices.Index(order, b) {
		return a
	}
	return b
}

// egressVerdict returns the worst verdict of the hops that leave the mesh; "" if none does.
func egressVerdict(hops []hop) Verdict {
	var v Verdict
	for _, h := range hops {
		if h.kind != HopEgress {
			continue
		}
		if v == "" {
			v = h.verdict()
		} else {
			v = worse(v, h.verdict())
		}
	}
	return v
}

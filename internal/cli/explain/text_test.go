package explain

import (
	"strings"
	"testing"

	"github.com/tlsward/tlsward/internal/terminal"
	"github.com/tlsward/tlsward/mesh"
)

// tags makes colours visible.
var tags = strings.NewReplacer("\x1b[0m", "</>", "\x1b[1m", "<bold>", "\x1b[2m", "<dim>", "\x1b[31m", "<red>",
	"\x1b[32m", "<green>", "\x1b[33m", "<yellow>", "\x1b[36m", "<cyan>")

func TestColoursOfText(t *testing.T) {
	client := mesh.Client{Kind: mesh.ClientSidecar, Namespace: "shop"}
	decision := &mesh.Decision{Object: mesh.Ref{Kind: "DestinationRule", Namespace: "shop", Name: "a"}, Field: "spec"}
	known := func(mesh.Decision) string { return "a.yaml:7" }
	unknown := func(mesh.Decision) string { return "" }
	tests := []struct {
		name    string
		verdict mesh.Verdict
		cause   mesh.Cause
		by      *mesh.Decision
		locate  func(mesh.Decision) string
		want    []string
	}{
		{"plaintext", mesh.Plaintext, mesh.CauseDisabled, nil, unknown,
			[]string{"<bold>sidecar shop -> a.example:80</>: <red>plaintext</>: ", "  why: TLS mode DISABLE is written down\n"}},
		{"originated", mesh.Originated, "", decision, known,
			[]string{": <green>originated</>: ", "decided by: DestinationRule shop/a spec<dim> (a.yaml:7)</>\n"}},
		{"a place that is not known", mesh.Originated, "", decision, unknown, []string{"decided by: DestinationRule shop/a spec\n"}},
		{"application-tls", mesh.ApplicationTLS, "", nil, unknown, []string{": <green>application-tls</>: "}},
		{"double-tls", mesh.DoubleTLS, "", nil, unknown, []string{": <yellow>double-tls</>: "}},
		{"unknown", mesh.Unknown, mesh.CauseUnknownHost, nil, unknown, []string{": <yellow>unknown</>: the mesh does not know"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := mesh.Path{Client: client, Host: "a.example", Port: 80, Verdict: test.verdict, Cause: test.cause,
				Hops: []mesh.Hop{{From: "x", To: "y", Port: 80, DecidedBy: test.by}}}
			var out strings.Builder
			if err := writeText(&out, []mesh.Path{path}, facts{test.locate, func(mesh.Client) bool { return true }}, terminal.Colored()); err != nil {
				t.Fatal(err)
			}
			got := tags.Replace(out.String())
			for _, want := range test.want {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in\n%s", want, got)
				}
			}
		})
	}
}

// TestWhyIsForPathsWithoutTLS: what is ignored in a rule beside TLS that starts is no reason for anything.
func TestWhyIsForPathsWithoutTLS(t *testing.T) {
	for _, verdict := range []mesh.Verdict{mesh.Originated, mesh.ApplicationTLS, mesh.DoubleTLS} {
		var out strings.Builder
		paths := []mesh.Path{{Verdict: verdict, Cause: mesh.CauseUnset}}
		if err := writeText(&out, paths, facts{}, terminal.Style{}); err != nil || strings.Contains(out.String(), "why:") {
			t.Errorf("%s: %v, got\n%s", verdict, err, out.String())
		}
	}
}

func TestWhyIsForTLSThatIsNotSetUp(t *testing.T) {
	for _, cause := range []mesh.Cause{mesh.CauseCredential, mesh.CauseIncompleteMutual, mesh.CauseMutualAtWaypoint} {
		var out strings.Builder
		paths := []mesh.Path{{Verdict: mesh.ApplicationTLS, Cause: cause}}
		if err := writeText(&out, paths, facts{}, terminal.Style{}); err != nil || !strings.Contains(out.String(), "why: "+Why(cause)) {
			t.Errorf("%s: %v, got\n%s", cause, err, out.String())
		}
	}
}

func TestServerNames(t *testing.T) {
	tests := []struct {
		name          string
		hop           mesh.Hop
		sent, checked string
	}{
		{"written down", mesh.Hop{SNI: "a.example", Names: []string{"a.example", "b.example"}, Verified: true}, "a.example", "a.example, b.example"},
		{"from the request", mesh.Hop{AutoSNI: true, AutoNames: true, Verified: true}, "the request's Host header", "the request's Host header"},
		{"the mesh's own TLS to a server outside", mesh.Hop{TLS: "ISTIO_MUTUAL", SNI: "outbound_.80_._.h.example"}, "outbound_.80_._.h.example", "none: any certificate of the mesh's CA will do"},
		{"not checked", mesh.Hop{AutoSNI: true, Insecure: true}, "the request's Host header", "none: any certificate that a known CA signed will do"},
		{"no request to take it from", mesh.Hop{AutoSNI: true, AutoNames: true}, "none: only HTTP has a Host header to take it from",
			"none: any certificate that a known CA signed will do"},
		{"the mesh's own", mesh.Hop{TLS: "ISTIO_MUTUAL", Verified: true}, "none", "by the mesh's identity"},
	}
	for _, test := range tests {
		if got := sni(test.hop); got != test.sent {
			t.Errorf("%s: sent %q, want %q", test.name, got, test.sent)
		}
		if got := names(test.hop); got != test.checked {
			t.Errorf("%s: checked %q, want %q", test.name, got, test.checked)
		}
	}
}

func TestWhatHappensToWhatNothingDeclares(t *testing.T) {
	tests := []struct {
		kind     mesh.ClientKind
		passesOn bool
		want     []string
	}{
		{mesh.ClientSidecar, true, []string{"leaves the mesh as the application sends it (outboundTrafficPolicy ALLOW_ANY)", "REGISTRY_ONLY"}},
		{mesh.ClientSidecar, false, []string{"nothing leaves by this proxy"}},
		{mesh.ClientZtunnel, true, []string{"does not bind ztunnel", "NetworkPolicy"}},
		{mesh.ClientGateway, false, []string{"nothing leaves by this proxy"}},
	}
	for _, test := range tests {
		for _, cause := range []mesh.Cause{mesh.CauseUnknownHost, mesh.CausePassthrough} {
			path := mesh.Path{Client: mesh.Client{Kind: test.kind, Namespace: "shop"}, Host: "a.example", Port: 80, Verdict: mesh.Unknown, Cause: cause}
			var out strings.Builder
			if err := writeText(&out, []mesh.Path{path}, facts{passesOn: func(mesh.Client) bool { return test.passesOn }}, terminal.Style{}); err != nil {
				t.Fatal(err)
			}
			for _, want := range test.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%s, %s: no %q in\n%s", test.kind, cause, want, out.String())
				}
			}
		}
	}
}

package demo

import (
	"context"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/terminal"
	"github.com/tlsward/tlsward/webhook/admission"
)

// TestScenarios holds what the demo shows against what it says.
func TestScenarios(t *testing.T) {
	want := map[string][]string{ // by title: what becomes of each object
		"An HTTP ServiceEntry":                               {"completed"},
		"Its DestinationRule":                                {"admitted", "completed"},
		"Mutual TLS with a client certificate":               {"admitted", "ineffective-tls", "admitted"},
		"TLS at the egress gateway":                          {"completed", "admitted", "admitted", "admitted", "completed"},
		"The MySQL egress gateway":                           {"admitted", "admitted", "admitted", "admitted"},
		"An AuthorizationPolicy without and with principals": {"missing-principals", "admitted"},
		"A plaintext egress gateway":                         {"completed", "admitted", "admitted", "plaintext-egress"},
		"A wrong SNI":                                        {"admitted", "sni-mismatch"},
	}
	ctx := t.Context()
	judge, err := admission.NewEvaluator(ctx, v1alpha1.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	server, err := start(ctx, judge)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.stop(); err != nil {
			t.Error(err)
		}
	}()
	list, err := scenarios()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != len(want) {
		t.Errorf("%d scenarios, want %d", len(list), len(want))
	}
	p := &player{server: server}
	for _, s := range list {
		var got []string
		err := p.play(ctx, s, func(result step) error {
			got = append(got, outcome(result))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want[s.title]) {
			t.Errorf("%s: got %v, want %v", s.title, got, want[s.title])
		}
	}
}

var policy = regexp.MustCompile(`\[([a-z-]+)\]`)

func outcome(s step) string {
	switch m := policy.FindStringSubmatch(s.reason); {
	case !s.allowed && m != nil:
		return m[1]
	case !s.allowed:
		return "refused without a reason"
	case s.before != s.after:
		return "completed"
	}
	return "admitted"
}

func TestRunEndsAndLeavesNothingBehind(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out strings.Builder
	if err := Run(ctx, &out, terminal.Style{}); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); strings.Contains(text, "\x1b") || !strings.Contains(text, "\n8 scenarios, 23 objects applied: 19 admitted") {
		t.Errorf("got\n%s", text)
	}
	address := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(out.String())
	if connection, err := net.DialTimeout("tcp", address, time.Second); err == nil {
		connection.Close()
		t.Errorf("something still listens at %s", address)
	}
}

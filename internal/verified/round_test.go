package verified_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tlsward/tlsward/internal/compare"
	"github.com/tlsward/tlsward/internal/verified"
)

func TestRoundIsKept(t *testing.T) {
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	round := verified.Of(at, []compare.Result{
		{Compared: 5, Differences: make([]compare.Difference, 2), Untold: make([]compare.Untold, 1), Unread: []string{"a listener"}},
		{Compared: 3},
		{Unreached: errors.New("no way")},
	})
	want := verified.Round{At: at, Proxies: 2, Unreached: 1, Connections: 8, Disagreements: 2, Untold: 2}
	if round != want {
		t.Fatalf("got %+v, want %+v", round, want)
	}
	data, err := round.Data()
	if err != nil {
		t.Fatal(err)
	}
	if read, err := verified.Read(data); err != nil || read != want {
		t.Errorf("read %+v, %v; want %+v", read, err, want)
	}
	if got, want := round.String(), "8 connections of 2 proxies compared: 2 differ; 2 things could not be compared; 1 proxy could not be asked"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReadRefusesWhatIsNoRound(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "data[round.json]: unexpected end of JSON input",
		"{}":                  "data[round.json]: no round of a watch",
		`{"at": "yesterday"}`: `data[round.json]: parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"`,
		`{"at": "2026-11-28T12:00:00Z", "proxies": -1}`: "data[round.json]: no round of a watch",
	} {
		if _, err := verified.Read(map[string]string{"round.json": text}); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
	if _, err := verified.Read(nil); err == nil || err.Error() != "data has no round.json" {
		t.Errorf("got %v", err)
	}
}

package cli

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestProgress(t *testing.T) {
	tests := []struct {
		name string
		work time.Duration
		want string
	}{
		{"quick work is done in silence", 900 * time.Millisecond, ""},
		{"after a second it says what takes long", 1500 * time.Millisecond, "tlsward: working (1s)\n"},
		{"and again each time that twice as much has passed", 9 * time.Second,
			"tlsward: working (1s)\ntlsward: working (2s)\ntlsward: working (4s)\ntlsward: working (8s)\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var stderr strings.Builder
				stop := Streams{Err: &stderr}.Progress("working")
				time.Sleep(test.work)
				stop()
				time.Sleep(time.Minute)
				if got := stderr.String(); got != test.want {
					t.Errorf("got\n%s\nwant\n%s", got, test.want)
				}
			})
		})
	}
}

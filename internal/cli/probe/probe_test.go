package probe

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRetry(t *testing.T) {
	tests := []struct {
		name     string
		succeeds int // the try that does; 0 for none
		patience time.Duration
		tries    int
		err      string
	}{
		{"at once", 1, time.Minute, 1, ""},
		{"the third time", 3, time.Minute, 3, ""},
		{"never", 0, 2500 * time.Millisecond, 3, "try 3"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), test.patience)
				defer cancel()
				tries := 0
				err := retry(ctx, func(context.Context) error {
					if tries++; tries == test.succeeds {
						return nil
					}
					return errors.New("try " + string(rune('0'+tries)))
				})
				if tries != test.tries || (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
					t.Errorf("%d tries, %v; want %d, %q", tries, err, test.tries, test.err)
				}
			})
		})
	}
}

func TestRunNamesTheKubeconfig(t *testing.T) {
	var out strings.Builder
	err := Run(t.Context(), Options{Kubeconfig: "none.kubeconfig"}, &out)
	if err == nil || !strings.HasPrefix(err.Error(), "find the API server (--kubeconfig): stat none.kubeconfig") || out.Len() > 0 {
		t.Errorf("got %v, %q", err, out.String())
	}
}

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// progressAfter is how long a command may take before it says what it is doing.
const progressAfter = time.Second

// progress says on stderr what takes long, once it does. The caller stops it before it writes anything.
func progress(stderr io.Writer, what string) (stop func()) {
	began := time.Now()
	finish, finished := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(finished)
		ticker := time.NewTicker(progressAfter)
		defer ticker.Stop()
		for next := progressAfter; ; {
			select {
			case <-finish:
				return
			case <-ticker.C:
				if spent := time.Since(began).Round(time.Second); spent >= next {
					_, _ = fmt.Fprintf(stderr, "tlsward: %s (%s)\n", what, spent)
					next = 2 * spent
				}
			}
		}
	}()
	return func() { close(finish); <-finished }
}

// checkOutput checks the value of --output.
func checkOutput(value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("--output: want %s, have %q", strings.Join(allowed, ", "), value)
}

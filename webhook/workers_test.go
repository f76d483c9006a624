package webhook

import (
	"runtime"
	"sync"
	"testing"
)

func TestWorkersKeepTheirGoroutines(t *testing.T) {
	c := newWorkers()
	before := runtime.NumGoroutine()
	for range 1000 {
		done := make(chan struct{})
		c.run(func() { close(done) })
		<-done
	}
	if grown := runtime.NumGoroutine() - before; grown > 10 {
		t.Errorf("%d goroutines for one piece of work at a time", grown)
	}
}

func TestWorkersNeverMakeWorkWait(t *testing.T) {
	c := newWorkers()
	var started, done sync.WaitGroup
	leave := make(chan struct{})
	for range 50 {
		started.Add(1)
		done.Add(1)
		c.run(func() { started.Done(); <-leave; done.Done() })
	}
	started.Wait() // all at once
	close(leave)
	done.Wait()
}

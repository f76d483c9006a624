package report

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/tlsward/tlsward/internal/cli"
)

const (
	// restFactor is how much longer than a reading the rest after it is at least, so that a large mesh is not read all the time.
	restFactor = 4
	// attention is for how long a page that was asked for counts as looked at: one that is open asks every two seconds.
	attention = 10 * time.Second
	// glance is how often it is seen whether somebody looks.
	glance = 200 * time.Millisecond
)

// serve answers the report's page on loopback until the context ends. What is wrong at the start is an error; what is later, as a
// cluster that does not answer, the page tells beside the last mesh that could be read.
func (o Options) serve(ctx context.Context, streams cli.Streams) error {
	if err := o.checkServe(); err != nil {
		return err
	}
	read, err := o.reporter(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	var s served
	stop := streams.Progress("reporting")
	r, err := read(ctx, streams)
	stop()
	if err == nil {
		err = s.show(r)
	}
	if err != nil {
		return err
	}
	took := time.Since(began)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(o.Port))))
	if err != nil {
		return fmt.Errorf("serve the report (--port takes another port): %w", err)
	}
	if _, err := fmt.Fprintf(streams.Out, "http://%s/ follows the mesh; Ctrl-C ends it\n", listener.Addr()); err != nil {
		return errors.Join(err, listener.Close())
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	silent := streams.Silent() // what there is to note was noted
	go s.follow(ctx, max(o.Every, restFactor*took), o.Every, func(ctx context.Context) (report, error) { return read(ctx, silent) })
	return answer(ctx, listener, s.handler())
}

func (o Options) checkServe() error {
	switch {
	case o.Output != "html" && o.Output != "text":
		return fmt.Errorf("--serve shows a page: have --output %s", o.Output)
	case slices.Contains(o.Paths, "-"):
		return errors.New("--serve reads the manifests again and again, which standard input does not allow: name files")
	case o.Every <= 0:
		return fmt.Errorf("--every: want a duration above 0, have %s", o.Every)
	}
	return nil
}

// answer answers requests until the context ends.
func answer(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	stopped := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stopped()
	if err := server.Serve(listener); ctx.Err() == nil {
		return fmt.Errorf("serve the report: %w", err)
	}
	return nil
}

// follow reads the mesh again and again while somebody looks, and rests in between for every, or longer where a reading takes long.
func (s *served) follow(ctx context.Context, rest, every time.Duration, read func(context.Context) (report, error)) {
	due := time.Now().Add(rest)
	for wait(ctx, glance) {
		if time.Now().Before(due) || !s.isWatched(time.Now()) {
			continue
		}
		began := time.Now()
		r, err := read(ctx)
		if err == nil {
			err = s.show(r)
		}
		if err != nil && ctx.Err() == nil {
			s.keep(err)
		}
		due = time.Now().Add(max(every, restFactor*time.Since(began)))
	}
}

// wait waits, and reports whether the context has not ended.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

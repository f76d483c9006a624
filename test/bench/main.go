// Command bench measures what tlsward adds to admission. It runs two servers as processes of their own, (a) a handler
// of controller-runtime that allows everything and (b) tlsward, and asks them in turn, in short slices, over HTTPS
// with HTTP/2 keep-alive on loopback. So whatever else the machine does meets both alike, and the ratio b/a stands
// where the figures themselves do not.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

type options struct {
	tlsward string
	slice   time.Duration
	rounds  int
	objects []int
	clients []int
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == baselineCommand {
		fail(serveBaseline())
		return
	}
	o := options{objects: []int{100, 10_000}, clients: []int{1, 16}}
	flag.StringVar(&o.tlsward, "tlsward", "bin/tlsward", "the program to measure")
	flag.DurationVar(&o.slice, "slice", 500*time.Millisecond, "how long one server is asked at a time")
	flag.IntVar(&o.rounds, "rounds", 12, "how often each server has its turn")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fail(run(ctx, o))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures every mesh with every number of clients.
func run(ctx context.Context, o options) error {
	baseline, err := startBaseline(ctx)
	if err != nil {
		return err
	}
	defer baseline.stop()
	printHead()
	for _, objects := range o.objects {
		if err := runMesh(ctx, o, baseline, objects); err != nil {
			return err
		}
	}
	return nil
}

func runMesh(ctx context.Context, o options, baseline *server, objects int) error {
	dir, err := writeMesh(objects)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	program, err := startProgram(ctx, o.tlsward, dir)
	if err != nil {
		return err
	}
	defer program.stop()
	targets := []target{
		{name: "allow all (a)", url: baseline.url + "/validate", client: baseline.client},
		{name: "/validate", url: program.url + "/validate?timeout=3s", client: program.client},
		{name: "/mutate", url: program.url + "/mutate?timeout=1s", client: program.client},
	}
	for _, reviews := range []*mix{{bodies: reviews(), fresh: true}, {bodies: reviews()}} {
		for _, clients := range o.clients {
			results, err := interleave(ctx, o, targets, reviews, clients)
			if err != nil {
				return err
			}
			printResults(objects, clients, reviews, targets, results)
		}
	}
	return nil
}

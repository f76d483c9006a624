// Command bench measures what tlsward adds to admission. It runs two servers as processes of their own, (a) a handler
// of controller-runtime that allows everything and (b) tlsward, and asks them in turn, in short slices, over HTTPS
// with HTTP/2 keep-alive on loopback. So whatever else the machine does meets both alike, and the ratio b/a stands
// where the figures themselves do not. On a machine with other work the ratio of CPU time stands better than that of throughput.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
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
	flag.Func("objects", "sizes of the mesh (default 100,10000)", func(s string) (err error) { o.objects, err = integers(s); return err })
	flag.Func("clients", "numbers of clients (default 1,16)", func(s string) (err error) { o.clients, err = integers(s); return err })
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fail(run(ctx, o))
}

// integers reads a list as "1,16".
func integers(list string) ([]int, error) {
	var all []int
	for text := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
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
		{name: "allow all (a)", url: baseline.url + "/validate", server: baseline},
		{name: "/validate", url: program.url + "/validate?timeout=3s", server: program},
		{name: "/mutate", url: program.url + "/mutate?timeout=1s", server: program},
	}
	for _, reviews := range mixes() {
		if err := reviews.check(ctx, targets[1]); err != nil {
			return err
		}
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

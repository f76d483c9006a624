// Command release makes what a release of tlsward consists of, and pushes it. It is a module of its own, so that what it
// needs is no part of the program. `make release VERSION=...` and `make push TO=...` call it.
//
// It needs Go and git, no daemon and no network but the Go module proxy. The same commit gives the same bytes, on any
// machine: see README.md beside it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/spf13/pflag"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New("build or push?")
	}
	switch args[0] {
	case "build":
		return buildCommand(ctx, args[1:], out)
	case "push":
		return pushCommand(ctx, args[1:], out)
	default:
		return fmt.Errorf("%s: neither build nor push", args[0])
	}
}

func buildCommand(ctx context.Context, args []string, out io.Writer) error {
	var p plan
	var platforms []string
	var key string
	flags := pflag.NewFlagSet("build", pflag.ContinueOnError)
	flags.StringVar(&p.Source, "source", ".", "the tree to release")
	flags.StringVar(&p.Dist, "dist", "dist", "directory to make; what it held is deleted")
	flags.StringVar(&p.Version, "version", "", "version, as 0.2.0 or v0.2.0")
	flags.StringVar(&p.Builder, "builder", "https://github.com/tlsward/tlsward/tools/release@local", "who builds: builder.id of the provenance, a URI")
	flags.StringVar(&p.Downloads, "downloads", "", "URL that the files will be below, for krew; empty for the project's own releases")
	flags.StringSliceVar(&platforms, "platform", defaultPlatforms(), "what to build for, as os/arch")
	flags.StringVar(&key, "key", "", "ECDSA key (PKCS #8 or SEC 1, in PEM) that signs: a file, or env://NAME for what a variable holds; empty signs nothing")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var err error
	if p.Platforms, err = parsePlatforms(platforms); err != nil {
		return err
	}
	if key != "" {
		if p.Signer, err = readSigner(key); err != nil {
			return fmt.Errorf("read the key: %w", err)
		}
	}
	return p.make(ctx, out)
}

func pushCommand(ctx context.Context, args []string, out io.Writer) error {
	var dist, to string
	var plain bool
	flags := pflag.NewFlagSet("push", pflag.ContinueOnError)
	flags.StringVar(&dist, "dist", "dist", "directory that build has made")
	flags.StringVar(&to, "to", "", "registry, and what goes before the names there, as r.example/tlsward")
	flags.BoolVar(&plain, "plain-http", false, "speak HTTP to the registry")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if strings.Trim(to, "/") == "" {
		return errors.New("--to is needed")
	}
	return push(ctx, dist, strings.Trim(to, "/"), plain, out)
}

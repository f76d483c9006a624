package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tlsward/tlsward/envoy"
	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/compare"
	"github.com/tlsward/tlsward/mesh"
)

// Options are what `tlsward verify` is asked to do.
type Options struct {
	offline.Source
	// Dumps are files with one proxy's config dump each, or "-" for standard input. Without any the cluster's proxies are asked.
	Dumps []string
	// Pods are those whose proxies are asked; without any all of the namespace that Source names, or of all namespaces.
	Pods []string
	// Sample is how many of those that are not named are asked, chosen at random; 0 for all.
	Sample int
	// AdminPort is Envoy's admin port in the pods.
	AdminPort uint16
	// Output is text or json.
	Output string
}

// Run reads the mesh and the proxies' configuration, and writes where they differ.
func Run(ctx context.Context, o Options, streams cli.Streams) error {
	if err := cli.CheckOutput(o.Output, "text", "json"); err != nil {
		return err
	}
	results, err := o.compare(ctx, streams)
	if err != nil {
		return err
	}
	write := writeText
	if o.Output == "json" {
		write = writeJSON
	}
	if err := write(streams.Out, results); err != nil {
		return err
	}
	return verdict(results)
}

// verdict returns an error where the proxies are not as tlsward says, and where nothing could be compared.
func verdict(results []compare.Result) error {
	compared := 0
	var issues error
	for _, r := range results {
		compared += r.Compared
		if len(r.Differences)+len(r.Unread)+len(r.Untold) > 0 || r.Unreached != nil {
			issues = cli.ErrIssuesFound
		}
	}
	if compared == 0 && reached(results) == 0 {
		return errors.New("nothing was compared: no proxy could be asked")
	}
	if compared == 0 && issues == nil {
		return errors.New("nothing was compared: the mesh declares nothing that these proxies send out of it")
	}
	return issues
}

// reached counts the proxies that could be asked.
func reached(results []compare.Result) int {
	n := 0
	for _, r := range results {
		if r.Unreached == nil {
			n++
		}
	}
	return n
}

func (o Options) compare(ctx context.Context, streams cli.Streams) ([]compare.Result, error) {
	stop := streams.Progress("comparing")
	defer stop()
	evaluator, err := o.Mutator()
	if err != nil {
		return nil, err
	}
	m, err := o.Read(ctx, evaluator, streams)
	if err != nil {
		return nil, err
	}
	var dumps []*envoy.Dump
	var unread []compare.Result
	if len(o.Dumps) > 0 {
		dumps, err = o.readFiles(streams.In)
	} else {
		dumps, unread, err = o.ask(ctx)
	}
	if err != nil {
		return nil, err
	}
	results, err := compare.Proxies(m.Snapshot, dumps, compare.Facts{OutsideModel: m.OutsideModel, Changed: changes(m)})
	return append(results, unread...), err
}

// readFiles reads the dumps. An error names the file.
func (o Options) readFiles(stdin io.Reader) ([]*envoy.Dump, error) {
	var all []*envoy.Dump
	for _, path := range o.Dumps {
		d, err := readDump(path, stdin)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, d)
	}
	return all, nil
}

func readDump(path string, stdin io.Reader) (*envoy.Dump, error) {
	if path == "-" {
		return readProxy(stdin)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readProxy(file)
}

// readProxy reads the dump of a proxy that says who it is.
func readProxy(r io.Reader) (*envoy.Dump, error) {
	d, err := envoy.ReadDump(r)
	if err != nil {
		return nil, err
	}
	_, err = compare.ProxyOf(d)
	return d, err
}

// changes returns when an object was last changed, by who manages its fields; zero where it does not say.
func changes(m *offline.Mesh) func(mesh.Ref) time.Time {
	last := map[mesh.Ref]time.Time{}
	for _, o := range m.Objects {
		var object struct {
			Metadata struct {
				CreationTimestamp time.Time `json:"creationTimestamp"`
				ManagedFields     []struct {
					Time        time.Time `json:"time"`
					Subresource string    `json:"subresource"`
				} `json:"managedFields"`
			} `json:"metadata"`
		}
		if json.Unmarshal(o.Stored, &object) != nil {
			continue // what is no time tells none
		}
		at := object.Metadata.CreationTimestamp
		for _, f := range object.Metadata.ManagedFields {
			if f.Subresource == "" && f.Time.After(at) {
				at = f.Time
			}
		}
		last[o.Ref] = at
	}
	return func(ref mesh.Ref) time.Time { return last[ref] }
}

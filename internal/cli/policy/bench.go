package policy

import (
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/test"
	"github.com/tlsward/tlsward/internal/config"
	"github.com/tlsward/tlsward/policies"
)

// BenchOptions are what `tlsward policy bench` is asked to do.
type BenchOptions struct {
	// Paths hold the policies to measure. Where they hold none, the built-in ones are measured.
	Paths []string
	// Config is a configuration file; "" for the defaults.
	Config string
	// Each is how long to measure one policy.
	Each time.Duration
	// Output is text or json.
	Output string
}

// Bench measures the policies and writes what each costs.
func Bench(ctx context.Context, o BenchOptions, streams cli.Streams) error {
	if err := cli.CheckOutput(o.Output, "text", "json"); err != nil {
		return err
	}
	stop := streams.Progress("measuring")
	costs, err := o.measure(ctx, streams)
	stop()
	if err != nil {
		return err
	}
	if o.Output == "json" {
		return cli.WriteJSON(streams.Out, costs)
	}
	return writeCosts(streams.Out, costs)
}

func (o BenchOptions) measure(ctx context.Context, streams cli.Streams) ([]policies.Cost, error) {
	c, err := config.LoadOrDefault(o.Config)
	if err != nil {
		return nil, err
	}
	found, err := test.Find(streams.In, o.Paths...)
	if err != nil {
		return nil, err
	}
	own, err := found.Policies()
	if err != nil {
		return nil, err
	}
	engine, err := policies.New(ctx, c, own, found.Data)
	if err != nil {
		return nil, err
	}
	costs, err := engine.Bench(ctx, o.Each)
	if err != nil || len(own) == 0 {
		return costs, err
	}
	return slices.DeleteFunc(costs, func(c policies.Cost) bool { return isBuiltin(engine, c.Policy) }), nil
}

func isBuiltin(engine *policies.Engine, id string) bool {
	return slices.ContainsFunc(engine.Policies(), func(p policies.Policy) bool { return p.ID == id && p.Builtin })
}

func writeCosts(w io.Writer, costs []policies.Cost) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	if _, err := fmt.Fprintln(table, "policy\tmedian\tp99\tallocations\tbytes\truns\t"); err != nil {
		return err
	}
	for _, c := range costs {
		if _, err := fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%d\t\n", c.Policy, c.Median, c.P99, c.Allocations, c.Bytes, c.Runs); err != nil {
			return err
		}
	}
	return table.Flush()
}

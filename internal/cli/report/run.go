package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/live"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/terminal"
	"github.com/tlsward/tlsward/internal/verified"
)

// Options are what `tlsward report` is asked to do.
type Options struct {
	offline.Source
	// Mutated asks about the files as the mutating webhook would leave them.
	Mutated bool
	// All has the text leave nothing out.
	All bool
	// Since is an earlier report (-o json) with which this one is compared; "" for none.
	Since string
	// Verified is the ConfigMap ("NAMESPACE/NAME") in which a watch of the cluster's proxies keeps what it found; "" for none.
	Verified string
	// Output is text, json, csv or html.
	Output string
	// Now is when the report is made; the present if zero.
	Now time.Time
	// Serve has the page answered on loopback, and follow the mesh, until the context ends; Port is where, any free one if 0, and
	// Every how often the mesh is read at most while somebody looks.
	Serve bool
	Port  uint16
	Every time.Duration
}

// Run reads the files, and the cluster, and writes what leaves their mesh and who is let in.
func Run(ctx context.Context, o Options, streams cli.Streams) error {
	if err := cli.CheckOutput(o.Output, "text", "json", "csv", "html"); err != nil {
		return err
	}
	if o.Serve {
		return o.serve(ctx, streams)
	}
	stop := streams.Progress("reporting")
	r, err := o.report(ctx, streams)
	stop()
	if err != nil {
		return err
	}
	return errors.Join(o.write(streams.Out, r), r.mesh.Whole())
}

func (o Options) write(w io.Writer, r report) error {
	switch o.Output {
	case "json":
		return writeJSON(w, r)
	case "csv":
		return writeCSV(w, r)
	case "html":
		return writeHTML(w, r)
	}
	return writeText(w, r, textStyle{terminal.For(w), terminal.Width(w), o.All})
}

// report is what there is to show, the worst first.
type report struct {
	made        time.Time
	mesh        *offline.Mesh
	namespaces  []string
	connections []audit.Connection
	workloads   []audit.Workload
	findings    []audit.Finding
	remedies    audit.Remedies
	earlier     earlier
	verified    *verified.Round // nil where nobody asked for it
}

func (o Options) report(ctx context.Context, streams cli.Streams) (report, error) {
	read, err := o.reporter(ctx)
	if err != nil {
		return report{}, err
	}
	return read(ctx, streams)
}

// reporter returns what reads the mesh as it is now and reports it, again and again by the same configuration and policies.
func (o Options) reporter(ctx context.Context) (func(context.Context, cli.Streams) (report, error), error) {
	before, err := readEarlier(o.Since)
	if err != nil {
		return nil, err
	}
	evaluator, err := o.Evaluator(ctx)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, streams cli.Streams) (report, error) {
		round, err := o.verified(ctx)
		if err != nil {
			return report{}, err
		}
		m, err := o.Read(ctx, evaluator, streams)
		if err != nil {
			return report{}, err
		}
		m.NoteUnknown(streams)
		if err := m.Take(o.Mutated, streams); err != nil {
			return report{}, err
		}
		r, err := o.reportOf(ctx, m, before)
		r.verified = round
		return r, err
	}, nil
}

// verified returns what a watch of the cluster's proxies found last; nil where nobody asks for it.
func (o Options) verified(ctx context.Context) (*verified.Round, error) {
	if o.Verified == "" {
		return nil, nil
	}
	client, _, err := live.Connect(o.ConfigFlags())
	if err != nil {
		return nil, err
	}
	round, err := live.Verified(ctx, client, o.Verified)
	if err != nil {
		return nil, fmt.Errorf("--verified: %w", err)
	}
	return &round, nil
}

func (o Options) reportOf(ctx context.Context, m *offline.Mesh, before earlier) (r report, err error) {
	r = report{made: o.Now, mesh: m, earlier: before, namespaces: m.Snapshot.Namespaces()}
	if r.made.IsZero() {
		r.made = time.Now()
	}
	if r.findings, err = audit.Findings(ctx, m.Evaluator, m.Snapshot); err != nil {
		return r, err
	}
	if r.connections, err = audit.Connections(ctx, m.Snapshot, m.Evaluator.Config.Exemptions); err != nil {
		return r, err
	}
	r.workloads, r.remedies = audit.Workloads(m.Snapshot, r.findings), audit.NewRemedies(r.findings)
	audit.WorstFirst(r.findings)
	audit.WorstConnectionsFirst(r.connections)
	audit.WorstWorkloadsFirst(r.workloads)
	return r, nil
}

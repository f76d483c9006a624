package explain

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/terminal"
	"github.com/tlsward/tlsward/mesh"
)

// Options are what `tlsward explain` is asked to do.
type Options struct {
	offline.Source
	// Target is HOST or HOST:PORT.
	Target string
	// From is the namespace of the pod that sends; "" for that of objects that name none. Labels are the pod's labels.
	From   string
	Labels map[string]string
	// All asks for all clients that the mesh tells apart, and where Target has no port for all ports of the host.
	All bool
	// Mutated asks about the files as the mutating webhook would leave them.
	Mutated bool
	// ExitCode makes the error cli.ErrIssuesFound unless all bytes leave under TLS, once.
	ExitCode bool
	// Output is text or json.
	Output string
}

// Run reads the files, and the cluster, and writes the paths from the clients to the target.
func Run(ctx context.Context, o Options, streams cli.Streams) error {
	if err := cli.CheckOutput(o.Output, "text", "json"); err != nil {
		return err
	}
	target, err := ParseTarget(o.Target)
	if err != nil {
		return err
	}
	stop := streams.Progress("explaining")
	m, err := o.read(ctx, streams)
	stop()
	if err != nil {
		return err
	}
	paths := o.paths(m, target)
	if err := errors.Join(o.write(streams.Out, m, paths), m.Whole()); err != nil {
		return err
	}
	if o.ExitCode && slices.ContainsFunc(paths, isOpen) {
		return cli.ErrIssuesFound
	}
	return nil
}

// isOpen reports whether the bytes of a path leave otherwise than under TLS, once.
func isOpen(p mesh.Path) bool {
	return p.Verdict != mesh.Originated && p.Verdict != mesh.ApplicationTLS
}

func (o Options) write(w io.Writer, m *offline.Mesh, paths []mesh.Path) error {
	if o.Output == "json" {
		return WriteJSON(w, paths, o.All)
	}
	return writeText(w, paths, facts{locate: m.Locate, passesOn: func(c mesh.Client) bool { return m.Snapshot.MeshOf(c.Namespace).PassesOn(c) }}, terminal.For(w))
}

func (o Options) read(ctx context.Context, streams cli.Streams) (*offline.Mesh, error) {
	evaluator, err := o.Mutator()
	if err != nil {
		return nil, err
	}
	m, err := o.Read(ctx, evaluator, streams)
	if err != nil {
		return nil, err
	}
	m.NoteUnknown(streams)
	return m, m.Take(o.Mutated, streams)
}

// paths returns the answers of the mesh, for one pod or for all clients.
func (o Options) paths(m *offline.Mesh, target Target) []mesh.Path {
	if !o.All {
		from := cmp.Or(o.From, m.Namespace)
		s := m.Snapshot.MeshOf(from)
		client := s.ClientOf(from, o.Labels, target.Host)
		return []mesh.Path{s.Resolve(client, target.Host, target.portIn(s))}
	}
	paths := []mesh.Path{}
	for _, s := range m.Snapshot.Meshes() {
		paths = append(paths, allPaths(s, target)...)
	}
	return paths
}

// allPaths returns the answers of the mesh of one control plane for all clients that it configures.
func allPaths(s *mesh.Snapshot, target Target) []mesh.Path {
	ports := []uint32{target.Port}
	if target.Port == 0 {
		ports = s.Ports(target.Host)
	}
	var paths []mesh.Path
	for _, port := range ports {
		for _, client := range s.Clients(target.Host) {
			if s.Configures(client) {
				paths = append(paths, s.Resolve(client, target.Host, port))
			}
		}
	}
	return paths
}

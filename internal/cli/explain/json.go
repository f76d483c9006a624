package explain

import (
	"io"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/mesh"
)

// jsonPath is a mesh.Path as the contract of `tlsward explain -o json` has it.
type jsonPath struct {
	Client     string           `json:"client"`
	Host       string           `json:"host"`
	Port       uint32           `json:"port"`
	Hops       []jsonHop        `json:"hops"`
	Verdict    mesh.Verdict     `json:"verdict"`
	Cause      mesh.Cause       `json:"cause,omitempty"`
	Considered []jsonConsidered `json:"considered"`
}

// jsonHop is a mesh.Hop in which every field is always there and the decision is named as in text. The fields below take
// the place of the Hop's own, and keep the order of the contract.
type jsonHop struct {
	mesh.Hop
	AutoSNI   bool     `json:"autoSNI"`
	Names     []string `json:"names"`
	AutoNames bool     `json:"autoNames"`
	Verified  bool     `json:"verified"`
	DecidedBy string   `json:"decidedBy"`
	// Insecure is no part of the contract: it is never set, and hides that of Hop.
	Insecure *bool `json:"insecure,omitempty"`
}

// jsonConsidered is a mesh.Considered in which the object is named as in text.
type jsonConsidered struct {
	Object string `json:"object"`
	Why    string `json:"why"`
}

// WriteJSON writes the path as a JSON object, or, if all is true, the paths as a list.
func WriteJSON(w io.Writer, paths []mesh.Path, all bool) error {
	list := make([]jsonPath, len(paths))
	for i, p := range paths {
		list[i] = pathToJSON(p)
	}
	if all {
		return cli.WriteJSON(w, list)
	}
	return cli.WriteJSON(w, list[0])
}

// JSON returns the path as `tlsward explain -o json` writes it.
func JSON(p mesh.Path) any { return pathToJSON(p) }

func pathToJSON(p mesh.Path) jsonPath {
	out := jsonPath{Client: p.Client.String(), Host: p.Host, Port: p.Port, Hops: []jsonHop{}, Verdict: p.Verdict,
		Cause: p.Cause, Considered: []jsonConsidered{}}
	for _, h := range p.Hops {
		hop := jsonHop{Hop: h, AutoSNI: h.AutoSNI, Names: append([]string{}, h.Names...), AutoNames: h.AutoNames, Verified: h.Verified}
		if h.DecidedBy != nil {
			hop.DecidedBy = h.DecidedBy.String()
		}
		out.Hops = append(out.Hops, hop)
	}
	for _, c := range p.Considered {
		out.Considered = append(out.Considered, jsonConsidered{c.Object.String(), c.Why})
	}
	return out
}

package verify

import (
	"io"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/compare"
)

// jsonReport is the contract of `tlsward verify -o json`. Every field is always there.
type jsonReport struct {
	Compared    int              `json:"compared"`
	Agreed      int              `json:"agreed"`
	Proxies     []jsonProxy      `json:"proxies"`
	Differences []jsonDifference `json:"differences"`
	// Untold are connections of which tlsward cannot tell where they end.
	Untold []jsonUntold `json:"untold"`
}

type jsonProxy struct {
	Proxy        string   `json:"proxy"`
	Revision     string   `json:"revision"`
	IstioVersion string   `json:"istioVersion"`
	EnvoyVersion string   `json:"envoyVersion"`
	Compared     int      `json:"compared"`
	Agreed       int      `json:"agreed"`
	Unread       []string `json:"unread"`
	// Unreached is why it could not be asked; "" where it was.
	Unreached string `json:"unreached"`
}

type jsonConnection struct {
	Proxy    string `json:"proxy"`
	Host     string `json:"host"`
	Port     uint32 `json:"port"`
	Protocol string `json:"protocol"`
	Address  string `json:"address"`
	// Sends is what the client sends first: "a request", "a ClientHello" or "bytes".
	Sends string `json:"sends"`
}

type jsonDifference struct {
	jsonConnection
	Tlsward []string        `json:"tlsward"`
	Has     []string        `json:"has"`
	Way     string          `json:"way"`
	Unknown bool            `json:"unknown"`
	Causes  []compare.Cause `json:"causes"`
}

type jsonUntold struct {
	jsonConnection
	Why string `json:"why"`
}

func jsonOf(p compare.Proxy, c compare.Connection) jsonConnection {
	return jsonConnection{Proxy: p.String(), Host: c.Host, Port: c.Port, Protocol: c.Protocol, Address: c.At.String(), Sends: c.Sends()}
}

// writeJSON writes the results as one JSON object.
func writeJSON(w io.Writer, results []compare.Result) error {
	report := jsonReport{Proxies: []jsonProxy{}, Differences: []jsonDifference{}, Untold: []jsonUntold{}}
	for _, r := range results {
		p := r.Proxy
		report.Compared, report.Agreed = report.Compared+r.Compared, report.Agreed+r.Agreed()
		unreached := ""
		if r.Unreached != nil {
			unreached = r.Unreached.Error()
		}
		report.Proxies = append(report.Proxies, jsonProxy{
			Proxy: p.String(), Revision: p.Revision, IstioVersion: p.IstioVersion, EnvoyVersion: p.EnvoyVersion,
			Compared: r.Compared, Agreed: r.Agreed(), Unread: append([]string{}, r.Unread...), Unreached: unreached,
		})
		for _, d := range r.Differences {
			report.Differences = append(report.Differences, jsonDifference{
				jsonConnection: jsonOf(p, d.Connection),
				Tlsward:        d.Model, Has: d.Proxy, Way: d.Way, Unknown: d.Unknown, Causes: d.Causes,
			})
		}
		for _, u := range r.Untold {
			report.Untold = append(report.Untold, jsonUntold{jsonConnection: jsonOf(p, u.Connection), Why: u.Why})
		}
	}
	return cli.WriteJSON(w, report)
}

package reporter

import (
	"context"
	"fmt"
	"strconv"
	"time"

	openreports "github.com/openreports/reports-api/apis/openreports.io/v1alpha1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/mesh"
)

// The properties of results that wait for a partner.
const (
	// pendingSince is since when, which a process that has just begun reads.
	pendingSince = "pendingSince"
	// overdue is since when it is so.
	overdue = "overdue"
)

// apart is by how much replicas may differ in when they first saw something.
const apart = time.Minute

// keepPending leaves it at since when an equal result was said to wait, where that is about the same: each replica sees it by itself, and
// another one that leads need not write everything anew.
func keepPending(r *openreports.ReportResult, before openreports.ReportResult) {
	is, known := sinceOf(*r)
	was, knew := sinceOf(before)
	if !known || !knew || is.Sub(was).Abs() > apart {
		return
	}
	for _, name := range []string{pendingSince, overdue} {
		if value := before.Properties[name]; value != "" {
			r.Properties[name] = value
		}
	}
}

func sinceOf(r openreports.ReportResult) (since time.Time, ok bool) {
	since, err := time.Parse(time.RFC3339, r.Properties[pendingSince])
	return since, err == nil
}

// Waits returns since when objects wait for a partner, as the stored reports have it. There is nothing where no API for reports is
// installed. Where some reports cannot be read, it returns what the others have beside the error.
func Waits(ctx context.Context, config *rest.Config) (audit.Waits, error) {
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	d, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	found, err := served(ctx, d)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	reports, unread, err := found[0].list(ctx, objects)
	if err != nil {
		return nil, err
	}
	return waitsIn(reports), unread
}

// waitsIn returns the waits that reports have. A tenant may write a report in its namespace, and says something of that alone by it.
func waitsIn(reports []openreports.Report) audit.Waits {
	waits := audit.Waits{}
	for _, report := range reports {
		for _, r := range report.Results {
			since, ok := sinceOf(r)
			if !ok || len(r.Subjects) != 1 || r.Subjects[0].Namespace != report.Namespace {
				continue
			}
			ref := mesh.Ref{Kind: r.Subjects[0].Kind, Namespace: r.Subjects[0].Namespace, Name: r.Subjects[0].Name}
			port, _ := strconv.ParseUint(r.Properties["port"], 10, 32) // absent for 0
			wait := audit.Wait{Host: r.Properties["host"], Port: uint32(port), Client: r.Properties["client"]}
			if waits[ref] == nil {
				waits[ref] = map[audit.Wait]time.Time{}
			}
			waits[ref][wait] = since
		}
	}
	return waits
}

package audit

import (
	"time"

	"github.com/tlsward/tlsward/mesh"
)

// Wait names a connection for which an object waits for a partner.
type Wait struct {
	Host   string
	Port   uint32
	Client string
}

// Waits are since when objects wait for what.
type Waits map[mesh.Ref]map[Wait]time.Time

// WaitOf returns what a finding says that its object waits for.
func WaitOf(f Finding) Wait { return Wait{f.Host, f.Port, f.Client} }

// Remember takes over since when objects wait that were seen to do so before this audit was: without it all of them began when it first
// saw them. A time that has yet to come is left out.
func (a *Audit) Remember(waits Waits) {
	a.waits = Waits{}
	for ref, of := range waits {
		for wait, since := range of {
			if !since.After(time.Now()) {
				a.waits.add(ref, wait, since)
			}
		}
	}
}

func (w Waits) add(ref mesh.Ref, wait Wait, since time.Time) {
	if w[ref] == nil {
		w[ref] = map[Wait]time.Time{}
	}
	w[ref][wait] = since
}

// wait notes since when an object waits for what was found: for as long as it was seen to, else from now; and not for longer than it has been
// there, for one of its name may have been before. An object that was fine for a year waits from the day on which its rule is gone.
func (a *Audit) wait(before map[Wait]time.Time, o *mesh.Object, found []Finding) {
	for i := range found {
		f := &found[i]
		if f.Since.IsZero() {
			continue
		}
		since, known := before[WaitOf(*f)]
		if !known {
			since = time.Now()
		}
		if since.Before(o.Created) {
			since = o.Created
		}
		f.Since, f.Until = since, since.Add(f.Until.Sub(f.Since))
		a.waits.add(o.Ref, WaitOf(*f), since)
	}
}

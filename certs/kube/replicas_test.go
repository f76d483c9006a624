package kube

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tlsward/tlsward/certs"
)

func TestAnnounce(t *testing.T) {
	server, c := connect(t, nil)
	ca := newAuthority(t).Certificate
	r := certs.Replica{Name: "one", ServingCA: ca, RenewTime: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}
	if err := c.Announce(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	want(t, "requests", server.writes(), []string{"PATCH " + leasesPath + "/one"})
	sent := server.written[0]
	meta, spec := sent.body["metadata"].(map[string]any), sent.body["spec"].(map[string]any)
	owner := meta["ownerReferences"].([]any)[0].(map[string]any)
	switch {
	case sent.contentType != "application/apply-patch+yaml" || !strings.Contains(sent.query, "force=true") || !strings.Contains(sent.query, "fieldManager=tlsward"):
		t.Errorf("no forced apply: %+v", sent)
	case meta["labels"].(map[string]any)[ReplicaLabel] != "ca":
		t.Errorf("labels %v", meta["labels"])
	case meta["annotations"].(map[string]any)[ServingAnnotation] != string(certs.EncodeBundle(ca)):
		t.Errorf("annotations %v", meta["annotations"])
	case owner["kind"] != "Pod" || owner["name"] != "pod" || owner["uid"] != "uid":
		t.Errorf("owner %v", owner)
	case spec["holderIdentity"] != "one" || spec["renewTime"] != "2026-06-01T12:00:00.000000Z":
		t.Errorf("spec %v", spec)
	}
}

// Outside a pod nothing owns the Lease.
func TestAnnounceWithoutAPod(t *testing.T) {
	server, c := connect(t, nil)
	c.PodUID = ""
	if err := c.Announce(t.Context(), certs.Replica{Name: "one", ServingCA: newAuthority(t).Certificate}); err != nil {
		t.Fatal(err)
	}
	if owners := server.written[0].body["metadata"].(map[string]any)["ownerReferences"]; owners != nil {
		t.Errorf("owners %v", owners)
	}
}

func TestWithdraw(t *testing.T) {
	server, c := connect(t, nil)
	path := leasesPath + "/one"
	for status, fails := range map[int]bool{0: false, http.StatusNotFound: false, http.StatusForbidden: true} {
		server.status["DELETE "+path] = status
		if err := c.Withdraw(t.Context(), "one"); (err != nil) != fails {
			t.Errorf("status %d: %v", status, err)
		}
	}
	if server.writes()[0] != "DELETE "+path {
		t.Errorf("requests %v", server.writes())
	}
}

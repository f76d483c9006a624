package offline

import (
	"encoding/json"
	"fmt"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"

	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/mesh"
)

// storedObject is an object that files are laid over.
type storedObject struct {
	raw     []byte
	object  *mesh.Object
	earlier *Object // nil for one of the cluster
}

// readStored returns what the mesh reads of a cluster's objects, and of the files' earlier state in their place.
func (m *Mesh) readStored(c cluster) map[mesh.Ref]storedObject {
	stored := make(map[mesh.Ref]storedObject, len(c.objects))
	for _, d := range c.objects {
		o, err := mesh.Decode(d.Raw)
		if err != nil {
			m.Notes = append(m.Notes, absent(d, err))
			continue
		}
		if o != nil {
			stored[o.Ref] = storedObject{d.Raw, o, nil}
		}
	}
	if c.earlier != nil {
		for _, o := range c.earlier.Objects {
			stored[o.Ref] = storedObject{o.Stored, c.earlier.Snapshot.Get(o.Ref), o}
		}
	}
	return stored
}

// applied returns what is stored once a file's object is applied over the stored one as kubectl does (k8s.io/kubectl
// pkg/cmd/apply/patcher.go, as for custom resources): what the file has is set, what it had at the last apply and has no
// more is removed, and what others wrote stays, such as a Namespace's labels and a Service's clusterIP.
func applied(stored, file []byte) ([]byte, error) {
	patch, err := jsonmergepatch.CreateThreeWayJSONMergePatch(lastApplied(stored), file, stored)
	if err != nil {
		return nil, err
	}
	return jsonpatch.MergePatch(stored, patch)
}

// lastApplied returns the object as kubectl applied it last; nil if it did not.
func lastApplied(stored []byte) []byte {
	var o struct {
		Metadata struct {
			Annotations struct {
				LastApplied string `json:"kubectl.kubernetes.io/last-applied-configuration"`
			} `json:"annotations"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(stored, &o); err != nil || !json.Valid([]byte(o.Metadata.Annotations.LastApplied)) {
		return nil
	}
	return []byte(o.Metadata.Annotations.LastApplied)
}

// loadStanding makes a mesh of the objects of a cluster as they stand: each is one of Objects.
func loadStanding(settings mesh.Settings, cluster []manifests.Document, namespace string) (*Mesh, error) {
	var notes []string
	var readable []manifests.Document
	for _, d := range cluster {
		if _, err := mesh.Decode(d.Raw); err != nil {
			notes = append(notes, absent(d, err))
			continue
		}
		readable = append(readable, d)
	}
	m, err := Load(settings, readable, namespace)
	if err != nil {
		return nil, err
	}
	m.Notes = append(notes, m.Notes...)
	return m, nil
}

// absent returns the note on a stored object that cannot be read.
func absent(d manifests.Document, err error) string {
	return fmt.Sprintf("%s: %v: it counts as absent, as it does for istiod", d.Where(), err)
}

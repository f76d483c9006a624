package mesh

import "encoding/json"

// Owned is by whom an object is owned and written.
type Owned struct {
	// Entries are the ServiceEntries among metadata.ownerReferences: they are of the object's namespace.
	Entries []Owner
	// Appliers are those of metadata.managedFields who write it by server-side apply.
	Appliers []string
}

// Owner names an owner of an object.
type Owner struct{ Name, UID string }

// ownerReference is one of metadata.ownerReferences.
type ownerReference struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	UID  string `json:"uid"`
}

// decodeOwned reads by whom a DestinationRule is owned and written; nil where no ServiceEntry owns it. What manages the fields of others
// is half of an object's text, and nobody asks for it.
func decodeOwned(kind string, owners []ownerReference, raw json.RawMessage) *Owned {
	if kind != KindDestinationRule {
		return nil
	}
	var owned Owned
	for _, o := range owners {
		if o.Kind == KindServiceEntry {
			owned.Entries = append(owned.Entries, Owner{o.Name, o.UID})
		}
	}
	if owned.Entries == nil {
		return nil
	}
	var managed struct {
		Metadata struct {
			ManagedFields []struct {
				Manager   string `json:"manager"`
				Operation string `json:"operation"`
			} `json:"managedFields"`
		} `json:"metadata"`
	}
	if unmarshal(raw, &managed) != nil {
		return &owned
	}
	for _, f := range managed.Metadata.ManagedFields {
		if f.Operation == "Apply" {
			owned.Appliers = append(owned.Appliers, f.Manager)
		}
	}
	return &owned
}

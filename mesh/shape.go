package mesh

import (
	"bytes"
	"hash/maphash"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// shapedRules is how many rules a host may have in one namespace and still be thought like another.
const shapedRules = 8

// specShape is equal for specs that differ in nothing but the host that they are about; 0 for one that cannot be
// compared. Who could find two specs of one shape could hide one behind the other: the hash is seeded.
func specShape(spec proto.Message, host string) uint64 {
	raw, err := protojson.Marshal(spec)
	if err != nil {
		return 0
	}
	raw = bytes.ReplaceAll(raw, []byte(`"`+host+`"`), []byte(`"="`))
	return max(maphash.Bytes(seed, raw), 1)
}

// shapeOf combines the shapes of a host's rules in one namespace.
func (r *ruleSet) shapeOf() uint64 {
	if isWildcard(r.host) || len(r.rules) > shapedRules {
		return 0
	}
	var h maphash.Hash
	h.SetSeed(seed)
	_, _ = h.WriteString(r.namespace)
	for _, o := range r.rules {
		shape := specShape(ruleSpec(o), r.host)
		if shape == 0 {
			return 0
		}
		maphash.WriteComparable(&h, shape)
	}
	return max(h.Sum64(), 1)
}

// shapeOf is the shape of a VirtualService for one host.
func (v *virtualService) shapeOf() uint64 {
	if len(v.hosts) != 1 || isWildcard(v.hosts[0]) {
		return 0
	}
	var h maphash.Hash
	h.SetSeed(seed)
	_, _ = h.WriteString(v.Namespace)
	shape := specShape(v.spec, v.hosts[0])
	if shape == 0 {
		return 0
	}
	maphash.WriteComparable(&h, shape)
	return max(h.Sum64(), 1)
}

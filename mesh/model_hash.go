package mesh

import (
	"bytes"
	"hash/maphash"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/tlsward/tlsward/mesh/host"
)

// maxHashedRules is how many rules a host may have in one namespace to be classed with other hosts.
const maxHashedRules = 8

// seed makes hashes unpredictable for a tenant who writes the specs.
//
//nolint:gochecknoglobals // one seed per process, as maphash is meant to be used
var seed = maphash.MakeSeed()

// hashSpec returns a hash that is equal for specs that differ in nothing but the host that they are about; 0 for a
// spec that cannot be hashed. It is seeded, so that nobody can write a spec that is classed with another one's host.
func hashSpec(spec proto.Message, host string) uint64 {
	raw, err := protojson.Marshal(spec)
	if err != nil {
		return 0
	}
	raw = bytes.ReplaceAll(raw, []byte(`"`+host+`"`), []byte(`"="`))
	return max(maphash.Bytes(seed, raw), 1)
}

// hashSpecs returns the combined hashSpec of a host's rules in one namespace; 0 where they cannot be compared.
func (r *ruleSet) hashSpecs() uint64 {
	if host.IsWildcard(r.host) || len(r.rules) > maxHashedRules {
		return 0
	}
	var h maphash.Hash
	h.SetSeed(seed)
	_, _ = h.WriteString(r.namespace)
	for _, o := range r.rules {
		shape := hashSpec(ruleSpec(o), r.host)
		if shape == 0 {
			return 0
		}
		maphash.WriteComparable(&h, shape)
	}
	return max(h.Sum64(), 1)
}

// hashSpec returns the hashSpec of a VirtualService for one exact host; 0 for any other.
func (v *virtualService) hashSpec() uint64 {
	if len(v.hosts) != 1 || host.IsWildcard(v.hosts[0]) {
		return 0
	}
	var h maphash.Hash
	h.SetSeed(seed)
	_, _ = h.WriteString(v.Namespace)
	shape := hashSpec(v.spec, v.hosts[0])
	if shape == 0 {
		return 0
	}
	maphash.WriteComparable(&h, shape)
	return max(h.Sum64(), 1)
}

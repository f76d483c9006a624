package main

import (
	"encoding/json"
	"strings"
)

// The predicate types of what is said about a release. cosign calls them slsaprovenance1 and cyclonedx.
const (
	provenanceType = "https://slsa.dev/provenance/v1"
	sbomType       = "https://cyclonedx.org/bom"
)

// statement is in-toto's: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
type statement struct {
	Type          string    `json:"_type"`
	Subject       []subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     any       `json:"predicate"`
}

type subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

// subjectOf returns a subject by its digest, as "sha256:...".
func subjectOf(name, digest string) subject {
	algorithm, value, _ := strings.Cut(digest, ":")
	return subject{name, map[string]string{algorithm: value}}
}

// provenance returns how the subjects came to be, as SLSA has it: from which commit, by which Go, with which flags. What
// is signed is the builder's own word. https://slsa.dev/spec/v1.1/provenance
func (p plan) provenance(subjects []subject) ([]byte, error) {
	type object map[string]any
	platforms := make([]string, 0, len(p.Platforms))
	for _, target := range p.Platforms {
		platforms = append(platforms, target.String())
	}
	source := object{"uri": "git+" + home, "digest": object{"gitCommit": p.commit.ID}}
	if p.commit.Dirty {
		source["annotations"] = object{"dirty": true}
	}
	predicate := object{
		"buildDefinition": object{
			"buildType":            home + "/tools/release/v1",
			"externalParameters":   object{"version": p.Version, "platforms": platforms},
			"internalParameters":   object{"go": p.toolchain, "flags": p.buildFlags()},
			"resolvedDependencies": []any{source},
		},
		"runDetails": object{"builder": object{"id": p.Builder}},
	}
	return json.MarshalIndent(statement{"https://in-toto.io/Statement/v1", subjects, provenanceType, predicate}, "", "  ")
}

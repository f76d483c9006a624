package policies

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Scaffold returns the files of a new policy, by path: the policy, its test, and a Suite. The policy is an example that
// passes its tests, to start from: it denies a ServiceEntry without a label that names its owner.
func Scaffold(id string) (map[string]string, error) {
	if !idPattern.MatchString(id) {
		return nil, fmt.Errorf("%q is no policy id: lower-case words joined by hyphens", id)
	}
	fill := strings.NewReplacer("ID", id, "PACKAGE", PackageOf(id))
	return map[string]string{
		filepath.Join(id, "policy.rego"):      fill.Replace(scaffoldPolicy),
		filepath.Join(id, "policy_test.rego"): fill.Replace(scaffoldTest),
		filepath.Join(id, "suite.yaml"):       fill.Replace(scaffoldSuite),
	}, nil
}

// WriteScaffold writes the files of a new policy below dir, and returns their paths. A file that exists is an error, and
// nothing is written.
func WriteScaffold(dir, id string) (written []string, err error) {
	files, err := Scaffold(id)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return nil, fmt.Errorf("%s is there already", filepath.Join(dir, name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return written, fmt.Errorf("write the new policy: %w", err)
		}
		if err := os.WriteFile(path, []byte(files[name]), 0o644); err != nil {
			return written, fmt.Errorf("write the new policy: %w", err)
		}
		written = append(written, path)
	}
	return written, nil
}

const scaffoldPolicy = `# METADATA
# title: A ServiceEntry without an owner
# description: |-
#   Whoever opens a way out of the mesh says which team answers for it, in the label "owner".
# custom:
#   id: ID
#   action: deny
#   kinds: [ServiceEntry]
package PACKAGE

import data.tlsward.lib

violation contains {
	"message": sprintf("%s has no label owner: nobody answers for what leaves here.", [lib.object_name(lib.reviewed_object)]),
	"fix": lib.set_fields(lib.reviewed_object, {"metadata.labels.owner": "your-team"}),
} if {
	input.request.operation != "DELETE"
	not input.object.metadata.labels.owner
}
`

const scaffoldTest = `package PACKAGE_test

import data.PACKAGE.violation as found
import data.tlsward.fixtures

owned := object.union(fixtures.review("ServiceEntry", []), {"object": {"metadata": {"labels": {"owner": "shop"}}}})

test_refuses_an_entry_without_an_owner if {
	count(found) == 1 with input as fixtures.review("ServiceEntry", [])
}

test_passes_an_entry_with_an_owner if {
	count(found) == 0 with input as owned
}

test_passes_a_deletion if {
	count(found) == 0 with input as fixtures.deletion("ServiceEntry", [])
}
`

const scaffoldSuite = `apiVersion: tlsward.io/v1alpha1
kind: Suite
metadata:
  name: ID
cases:
- name: a ServiceEntry without an owner
  review:
    operation: CREATE
    object:
      apiVersion: networking.istio.io/v1
      kind: ServiceEntry
      metadata: {name: partner, namespace: shop}
      spec:
        hosts: [api.partner.example]
        ports: [{number: 443, name: https, protocol: HTTPS}]
        resolution: DNS
  expect: {decision: deny, deny: [ID]}
- name: a ServiceEntry with an owner
  review:
    operation: CREATE
    object:
      apiVersion: networking.istio.io/v1
      kind: ServiceEntry
      metadata: {name: partner, namespace: shop, labels: {owner: shop}}
      spec:
        hosts: [api.partner.example]
        ports: [{number: 443, name: https, protocol: HTTPS}]
        resolution: DNS
  expect: {decision: allow}
`

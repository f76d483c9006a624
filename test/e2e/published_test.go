package e2e

import (
	"testing"
)

const publishedSuite = "../suites/published.yaml"

// Every configuration as published, step by step, in each of the ways in which users send objects.
func TestPublished(t *testing.T) {
	suite := loadSuite(t, publishedSuite)
	s := newServer(t, plane)
	stage := newStage(t, plane)
	s.register(t, s.start(t).URL())
	for _, way := range senders() {
		t.Run(way.name, func(t *testing.T) {
			for _, c := range suite.Cases {
				t.Run(c.Name, func(t *testing.T) { stage.play(t, c, way) })
			}
		})
	}
}

// The same in every served version, both as it is sent and as the API server converts it for a webhook that asks for
// one version only.
func TestPublishedInEveryVersion(t *testing.T) {
	suite := loadSuite(t, publishedSuite)
	s := newServer(t, plane)
	stage := newStage(t, plane)
	replica := s.start(t)
	for _, asked := range [][]string{nil, {"v1"}} {
		s.register(t, replica.URL(), asked...)
		for _, version := range []string{"v1alpha3", "v1beta1", "v1"} {
			name := version + " as it is"
			if asked != nil {
				name = version + " converted"
			}
			t.Run(name, func(t *testing.T) {
				for _, c := range suite.Cases {
					t.Run(c.Name, func(t *testing.T) { stage.play(t, inVersion(c, version), senders()[0]) })
				}
			})
		}
	}
}

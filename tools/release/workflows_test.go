package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWorkflowsCallMake: what a workflow runs can be run on any machine, and is there.
func TestWorkflowsCallMake(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../.github/workflows/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d workflows: %v", len(files), err)
	}
	step := regexp.MustCompile(`(?m)^ +(?:- )?run: (.*)$`)
	matrix := regexp.MustCompile(`(?m)^ +target: \[(.*)\]$`)
	for _, path := range files {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var targets []string
		if m := matrix.FindSubmatch(raw); m != nil {
			targets = strings.Split(string(m[1]), ", ")
		}
		for _, run := range step.FindAllSubmatch(raw, -1) {
			rest, ok := strings.CutPrefix(string(run[1]), "make ")
			if !ok {
				t.Errorf("%s runs %q, which is no make target", path, run[1])
			} else if !strings.HasPrefix(rest, "${{") {
				targets = append(targets, strings.Fields(rest)[0])
			}
		}
		for _, target := range targets {
			if !strings.Contains(string(makefile), "\n"+target+": ") {
				t.Errorf("%s makes %s, which the Makefile does not have", path, target)
			}
		}
	}
}

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// manualDir is where the pages are in an archive: MANPATH may name the directory above it.
const manualDir = "man/man1"

// manual returns the pages of the manual, of the commit's day. The program of this machine writes them: that of the release
// where it is one of its platforms, else another one of the same tree.
func (p plan) manual(ctx context.Context, work string, programs []built) ([]file, error) {
	here, err := p.runnable(ctx, work, programs)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(work, "man1")
	if _, err := output(ctx, work, nil, here.binary, "man", dir, "--date="+p.commit.Time.UTC().Format(time.DateOnly)); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir) // in order
	if err != nil {
		return nil, err
	}
	var pages []file
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		pages = append(pages, file{Name: manualDir + "/" + e.Name(), Mode: 0o644, Data: data})
	}
	if len(pages) == 0 {
		return nil, fmt.Errorf("%s wrote none", here.binary)
	}
	return pages, nil
}

// runnable returns a program that runs on this machine.
func (p plan) runnable(ctx context.Context, work string, programs []built) (built, error) {
	here := platform{runtime.GOOS, runtime.GOARCH}
	for _, b := range programs {
		if b.platform == here {
			return b, nil
		}
	}
	return p.compile(ctx, work, here)
}

package node

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// Image is a container image of a single static binary.
type Image struct {
	// Name is the reference, with a tag.
	Name string
	// Binary is the file to run; it becomes the entry point.
	Binary string
	// User is that of the process, "uid:gid".
	User string
}

// Write puts the image into w, in the format that `docker save` writes and `ctr images import` reads.
func (i Image) Write(w io.Writer) error {
	binary, err := os.ReadFile(i.Binary)
	if err != nil {
		return fmt.Errorf("make image %s: %w", i.Name, err)
	}
	layer, err := archive(file{"program", 0o755, binary})
	if err != nil {
		return fmt.Errorf("make image %s: %w", i.Name, err)
	}
	config, err := json.Marshal(map[string]any{
		"architecture": "amd64", "os": "linux",
		"config": map[string]any{"Entrypoint": []string{"/program"}, "User": i.User},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + digest(layer)}},
	})
	if err != nil {
		return fmt.Errorf("make image %s: %w", i.Name, err)
	}
	manifest, err := json.Marshal([]map[string]any{{
		"Config": digest(config) + ".json", "RepoTags": []string{i.Name}, "Layers": []string{"layer.tar"},
	}})
	if err != nil {
		return fmt.Errorf("make image %s: %w", i.Name, err)
	}
	whole, err := archive(file{digest(config) + ".json", 0o644, config}, file{"layer.tar", 0o644, layer},
		file{"manifest.json", 0o644, manifest})
	if err != nil {
		return fmt.Errorf("make image %s: %w", i.Name, err)
	}
	if _, err := w.Write(whole); err != nil {
		return fmt.Errorf("write image %s: %w", i.Name, err)
	}
	return nil
}

type file struct {
	name    string
	mode    int64
	content []byte
}

func archive(files ...file) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.content))}); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

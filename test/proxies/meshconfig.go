//go:build proxies

package proxies

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"sigs.k8s.io/yaml"
)

// meshConfigFile is istiod's MeshConfig, which it follows.
const meshConfigFile = home + "/mesh.yaml"

// configure lays settings over the world's MeshConfig, and waits until istiod has them. It returns the whole as JSON.
func (w *World) configure(ctx context.Context, settings map[string]any) ([]byte, error) {
	var config map[string]any
	if err := yaml.Unmarshal([]byte(meshConfig), &config); err != nil {
		return nil, fmt.Errorf("read the MeshConfig: %w", err)
	}
	for name, value := range settings {
		config[name] = value
	}
	raw, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("write the MeshConfig: %w", err)
	}
	if bytes.Equal(raw, w.configured) {
		return raw, nil
	}
	w.configurations++
	config[configurationMark] = fmt.Sprintf("configuration-%d", w.configurations)
	marked, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("write the MeshConfig: %w", err)
	}
	// In one step, as kubelet changes a ConfigMap's file: istiod may read at any time.
	next := filepath.Join(home, "mesh.next.yaml")
	if err := os.WriteFile(next, marked, 0o644); err != nil {
		return nil, fmt.Errorf("write the MeshConfig: %w", err)
	}
	if err := os.Rename(next, meshConfigFile); err != nil {
		return nil, fmt.Errorf("write the MeshConfig: %w", err)
	}
	w.configured = raw
	return raw, w.awaitConfiguration(ctx, config[configurationMark].(string))
}

// configurationMark is a field of MeshConfig by which a configuration is told from others: nothing in the world is an Ingress.
const configurationMark = "ingressClass"

func (w *World) awaitConfiguration(ctx context.Context, mark string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		if response, err := http.Get("http://127.0.0.1:15014/debug/mesh"); err == nil {
			body, _ := io.ReadAll(response.Body)
			response.Body.Close()
			if bytes.Contains(body, []byte(`"`+mark+`"`)) {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("istiod does not follow its MeshConfig: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

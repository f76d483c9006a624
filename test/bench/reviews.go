package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"sigs.k8s.io/yaml"
)

// mix hands the reviews out, one after the other.
type mix struct {
	name    string
	reviews []sample
	// fresh makes for every review an object that no review had before: nothing can be remembered of it.
	fresh bool
	count atomic.Int64
}

// sample is the body of a review, and what the answer to it must be.
type sample struct {
	body []byte
	want answer
}

// answer is what /validate says of a review.
type answer string

const (
	clean   answer = "clean"   // admitted without a word
	warned  answer = "warned"  // admitted with a warning
	refused answer = "refused" // denied, with its fix written out
)

// mixes returns the reviews that are measured: every kind of answer alone, all in turn, and all of them coming again.
func mixes() []*mix {
	all := reviews()
	list := []*mix{{name: "all", reviews: all, fresh: true}, {name: "all, again", reviews: all}}
	for _, a := range []answer{refused, warned, clean} {
		others := func(s sample) bool { return s.want != a }
		list = slices.Insert(list, 0, &mix{name: string(a), reviews: slices.DeleteFunc(slices.Clone(all), others), fresh: true})
	}
	return list
}

// check asks for every review once: what is measured must be what its name says.
func (m *mix) check(ctx context.Context, t target) error {
	for i, s := range m.reviews {
		body, err := ask(ctx, t, s.body)
		if err != nil {
			return err
		}
		var got struct {
			Response struct {
				Allowed  bool
				Warnings []string
			}
		}
		if err := json.Unmarshal(body, &got); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		is := refused
		if got.Response.Allowed {
			is = clean
			if len(got.Response.Warnings) > 0 {
				is = warned
			}
		}
		if is != s.want {
			return fmt.Errorf("%s: review %d of %q is %s, want %s: %s", t.name, i, m.name, is, s.want, body)
		}
	}
	return nil
}

// uidStart begins the UID of every object; a number of twelve digits ends it.
const uidStart = "5f0c7b9e-8f1d-4a44-9d0e-"

func (m *mix) next(n int) []byte {
	body := m.reviews[n%len(m.reviews)].body
	if !m.fresh {
		return body
	}
	body = bytes.Clone(body)
	at := bytes.Index(body, []byte(uidStart)) + len(uidStart)
	copy(body[at:], fmt.Sprintf("%012d", m.count.Add(1)))
	return body
}

// reviews returns all reviews, as an API server sends them.
func reviews() []sample {
	var out []sample
	add := func(want answer, text string) { out = append(out, sample{review(len(out), text), want}) }
	add(clean, entry("ruled", "ruled.example.com")) // a stored rule starts TLS for it
	add(clean, rule("shop", "shop.example.com", "SIMPLE"))
	add(clean, policy("good", "principals: [cluster.local/ns/web/sa/frontend]"))
	add(warned, entry("new", "new.example.com"))                // its rule is still to come
	add(warned, rule("nobody", "nobody.example.com", "SIMPLE")) // nobody declares the host
	add(refused, rule("shop", "shop.example.com", "SIMPLE, sni: other.example.com"))
	add(refused, policy("bad", "namespaces: [web]"))
	return out
}

// partners are stored in every mesh: what the reviews are judged against.
func partners() []string {
	return []string{entry("shop", "shop.example.com"), rule("ruled", "ruled.example.com", "SIMPLE")}
}

func entry(name, host string) string {
	return fmt.Sprintf(`
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: %s, namespace: web}
spec:
  hosts: [%s]
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}, {number: 443, name: https, protocol: HTTPS}]
  resolution: DNS
`, name, host)
}

func rule(name, host, mode string) string {
	return fmt.Sprintf(`
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: %s, namespace: web}
spec:
  host: %s
  trafficPolicy:
    loadBalancer: {simple: ROUND_ROBIN}
    portLevelSettings: [{port: {number: 80}, tls: {mode: %s}}]
`, name, host, mode)
}

func policy(name, source string) string {
	return fmt.Sprintf(`
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: %s, namespace: web}
spec:
  selector: {matchLabels: {app: backend}}
  action: ALLOW
  rules:
  - from: [{source: {%s}}]
    to: [{operation: {methods: [GET, POST], paths: ["/api/*"]}}]
`, name, source)
}

// review wraps an object as the API server does for a CREATE.
func review(i int, text string) []byte {
	var object map[string]any
	must(yaml.Unmarshal([]byte(text), &object))
	meta := object["metadata"].(map[string]any)
	meta["uid"] = fmt.Sprintf("%s%012d", uidStart, i)
	meta["creationTimestamp"] = "2026-08-01T12:00:00Z"
	meta["generation"] = 1
	meta["managedFields"] = []any{map[string]any{"manager": "kubectl-create", "operation": "Update",
		"apiVersion": object["apiVersion"], "time": "2026-08-01T12:00:00Z", "fieldsType": "FieldsV1",
		"fieldsV1": map[string]any{"f:spec": map[string]any{".": map[string]any{}, "f:host": map[string]any{}}}}}
	group, version, _ := strings.Cut(object["apiVersion"].(string), "/")
	kind := object["kind"].(string)
	resource := strings.ToLower(strings.TrimSuffix(kind, "y")) + map[bool]string{true: "ies", false: "s"}[strings.HasSuffix(kind, "y")]
	gvk := map[string]any{"group": group, "version": version, "kind": kind}
	gvr := map[string]any{"group": group, "version": version, "resource": resource}
	out, err := json.Marshal(map[string]any{
		"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
		"request": map[string]any{
			"uid": fmt.Sprintf("2cbb1b6c-7d8e-4c40-a8f7-%012d", i), "kind": gvk, "resource": gvr,
			"requestKind": gvk, "requestResource": gvr, "name": meta["name"], "namespace": meta["namespace"],
			"operation": "CREATE", "dryRun": false, "object": object, "oldObject": nil,
			"userInfo": map[string]any{"username": "kubernetes-admin", "groups": []any{"kubeadm:cluster-admins", "system:authenticated"}},
			"options":  map[string]any{"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions", "fieldManager": "kubectl-create"},
		},
	})
	must(err)
	return out
}

// writeMesh writes a mesh of about so many objects into a new directory: external hosts with their rules, spread over
// namespaces, a route for some, a policy for some.
func writeMesh(objects int) (string, error) {
	dir, err := os.MkdirTemp("", "tlsward-bench-")
	if err != nil {
		return "", err
	}
	texts := partners()
	for i := 0; len(texts) < objects; i++ {
		name, namespace := fmt.Sprintf("svc-%d", i), fmt.Sprintf("team-%d", i%50)
		host := name + ".partner.example.org"
		for _, text := range []string{entry(name, host), rule(name, host, "SIMPLE"), policy(name, "principals: [x]")} {
			texts = append(texts, strings.Replace(text, "namespace: web", "namespace: "+namespace, 1))
		}
	}
	file := strings.Join(texts[:objects], "---")
	return dir, os.WriteFile(filepath.Join(dir, "mesh.yaml"), []byte(file), 0o600)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

# tlsward: `make help` prints the targets. Go alone is needed; what else the tests want is built from Go modules into
# bin/, once.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS  = -s -w -X main.version=$(VERSION)

# RACE=-race runs the tests under the race detector (needs a C compiler); TESTFLAGS is added to every `go test`.
RACE      ?=
TESTFLAGS ?=
# How long each fuzz target runs, and how many random meshes the oracle compares; SEED repeats a run.
FUZZTIME  ?= 30s
MESHES    ?= 3000
SEED      ?=

GOLANGCI_VERSION = v2.15.0
GOLANGCI         = bin/golangci-lint-$(GOLANGCI_VERSION)

ACTIONLINT_VERSION = v1.7.12
ACTIONLINT         = bin/actionlint-$(ACTIONLINT_VERSION)

CONTROLLER_GEN_VERSION = v0.23.0
CONTROLLER_GEN         = bin/controller-gen-$(CONTROLLER_GEN_VERSION)

HELM_DOCS_VERSION = v1.14.2
HELM_DOCS         = bin/helm-docs-$(HELM_DOCS_VERSION) --chart-search-root charts/tlsward --sort-values-order file --log-level warn

COSIGN_VERSION = v3.1.3
COSIGN         = bin/cosign-$(COSIGN_VERSION)

KREW_VERSION = v0.4.3
KREW         = bin/validate-krew-manifest-$(KREW_VERSION)

# The Go of go.mod packs archives, whichever runs make: another one may pack other bytes.
RELEASE_GO = GOTOOLCHAIN=go$$($(GO) list -m -f '{{.GoVersion}}') $(GO)

# The packages that need no API server.
QUICK = $$($(GO) list ./... | grep -vE '/test/(e2e|ha|chart|cluster|authoring)(/|$$)')

.DEFAULT_GOAL := help
.PHONY: help build test check vet lint fmt fuzz suites docs crds bench bench-worst oracle oracle-130 attacks landings silence release push e2e test-versions test-compat test-ha test-chart test-cluster test-proxies test-proxies-130 test-proxies-long test-release test-release-tools page control-plane

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Build the program into bin/tlsward
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/tlsward ./cmd/tlsward

release: ## Make a release in dist/, the same bytes from the same commit: VERSION=0.2.0, KEY=file (or env://NAME) signs it, PLATFORMS=linux/amd64,..., DOWNLOADS=URL below which its files will be
	cd tools/release && $(RELEASE_GO) run . build --source=$(CURDIR) --dist=$(CURDIR)/dist --version=$(VERSION) $(if $(KEY),--key=$(if $(filter env://%,$(KEY)),$(KEY),$(abspath $(KEY)))) $(if $(BUILDER),--builder=$(BUILDER)) $(if $(PLATFORMS),--platform=$(PLATFORMS)) $(if $(DOWNLOADS),--downloads=$(DOWNLOADS))

push: ## Push what is in dist/ to a registry: TO=r.example/tlsward
	cd tools/release && $(RELEASE_GO) run . push --dist=$(CURDIR)/dist --to=$(TO)

test: control-plane ## All that a change needs: every test, also against a real API server (built once, ten minutes)
	$(GO) test $(RACE) -timeout 60m $(TESTFLAGS) ./...

check: vet docs-check ## Everything quick: vet, tests without the API server, Suites, docs
	$(GO) test $(TESTFLAGS) $(QUICK)
	$(GO) run ./cmd/tlsward test policies/rego test/suites

vet: ## go vet and gofmt, without changing anything
	$(GO) vet ./...
	@unformatted=$$(git ls-files '*.go' | xargs gofmt -l); [ -z "$$unformatted" ] || { echo "not formatted (make fmt):"; echo "$$unformatted"; exit 1; }

lint: vet lint-workflows $(GOLANGCI) ## golangci-lint, which also holds the arrows between packages, and actionlint
	$(GOLANGCI) run --allow-parallel-runners ./...
	cd tools/release && $(CURDIR)/$(GOLANGCI) run --allow-parallel-runners ./...

.PHONY: lint-workflows
lint-workflows: $(ACTIONLINT)
	$(ACTIONLINT) -shellcheck= -pyflakes=

$(ACTIONLINT):
	@mkdir -p bin/actions
	GOBIN=$(CURDIR)/bin/actions $(GO) install github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT_VERSION)
	@mv bin/actions/actionlint $@ && rmdir bin/actions

$(GOLANGCI):
	@mkdir -p bin/lint
	GOBIN=$(CURDIR)/bin/lint $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@mv bin/lint/golangci-lint $@ && rmdir bin/lint

fmt: ## Format the Go code
	git ls-files '*.go' | xargs gofmt -w

fuzz: ## Run every fuzz target for FUZZTIME
	@git grep -n '^func Fuzz' -- '*_test.go' | sed -E 's#^(.*)/[^/]*:[0-9]+:func (Fuzz[A-Za-z0-9_]*).*#\1 \2#' | \
	{ code=0; while read -r dir target; do $(MAKE) --no-print-directory fuzz-one DIR=$$dir TARGET=$$target || code=1; done; exit $$code; }

# A target that ends in "context deadline exceeded" and names no input has found nothing: go test stopped its workers
# too late. It runs once more.
.PHONY: fuzz-one
fuzz-one:
	@echo "fuzz $(DIR) $(TARGET)"
	@run() { $(GO) test -run '^$$' -fuzz '^$(TARGET)$$' -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./$(DIR); }; \
	out=$$(run 2>&1); code=$$?; echo "$$out"; \
	case "$$code$$out" in 0*) ;; *"Failing input"*) exit 1 ;; *"context deadline exceeded"*) run ;; *) exit 1 ;; esac

suites: ## Run the Suites and the policies' unit tests
	$(GO) run ./cmd/tlsward test --coverage policies/rego test/suites

docs: $(firstword $(HELM_DOCS)) ## Make docs/policies.md from the policies, docs/metrics.md from the server, docs/configuration.md and the schemas of the Config from its types, and the chart's README from its values
	$(GO) run ./cmd/tlsward policy docs > docs/.policies.md && mv docs/.policies.md docs/policies.md
	$(GO) test -count=1 ./internal/reference -update
	$(GO) test -count=1 ./internal/cli/serve -run TestEveryMetricIsDocumented -update
	$(HELM_DOCS)

crds: $(CONTROLLER_GEN) ## Make the CRDs of the chart, and what copies their types, from api/v1alpha1
	$(CONTROLLER_GEN) object paths=./api/v1alpha1
	$(CONTROLLER_GEN) crd paths=./api/v1alpha1 output:crd:dir=charts/tlsward/files/crds

.PHONY: crds-check
crds-check: $(CONTROLLER_GEN)
	@$(CONTROLLER_GEN) crd paths=./api/v1alpha1 output:crd:stdout | diff -u charts/tlsward/files/crds/tlsward.io_exemptions.yaml - || { echo "the chart's CRDs are out of date (make crds)"; exit 1; }
	@$(CONTROLLER_GEN) object paths=./api/v1alpha1 output:object:stdout | diff -u api/v1alpha1/zz_generated.deepcopy.go - || { echo "api/v1alpha1/zz_generated.deepcopy.go is out of date (make crds)"; exit 1; }

$(CONTROLLER_GEN):
	@mkdir -p bin/gen
	GOBIN=$(CURDIR)/bin/gen $(GO) install sigs.k8s.io/controller-tools/cmd/controller-gen@$(CONTROLLER_GEN_VERSION)
	@mv bin/gen/controller-gen $@ && rmdir bin/gen

.PHONY: docs-check
docs-check: crds-check $(firstword $(HELM_DOCS))
	@$(GO) run ./cmd/tlsward policy docs | diff -u docs/policies.md - || { echo "docs/policies.md is out of date (make docs)"; exit 1; }
	@$(GO) test -count=1 ./internal/reference || { echo "what is made from the types of api/v1alpha1 is out of date (make docs)"; exit 1; }
	@! grep -n '|  |$$' charts/tlsward/README.md || { echo "these values have no comment in charts/tlsward/values.yaml"; exit 1; }
	@$(HELM_DOCS) --dry-run | diff -u charts/tlsward/README.md - || { echo "charts/tlsward/README.md is out of date (make docs)"; exit 1; }

$(firstword $(HELM_DOCS)):
	@mkdir -p bin/helmdocs
	GOBIN=$(CURDIR)/bin/helmdocs $(GO) install github.com/norwoodj/helm-docs/cmd/helm-docs@$(HELM_DOCS_VERSION)
	@mv bin/helmdocs/helm-docs $@ && rmdir bin/helmdocs

bench: build ## What tlsward adds to an admission, beside a handler that allows everything; what each policy costs
	bin/tlsward policy bench
	$(GO) run ./test/bench

bench-worst: ## The CPU time of the most expensive reviews that a tenant can ask for (its table: docs/benchmarks.md)
	$(GO) test -run - -bench Worst -benchtime 5x ./webhook/admission

oracle: ## Hold the model of the mesh against Istio's own generator on MESHES random meshes (SEED=n repeats a run)
	cd test/oracle && ORACLE_MESHES=$(MESHES) ORACLE_SEED=$(SEED) $(GO) test -mod=mod -count=1 -timeout 3h -skip '^(Test(Ambient)?(Attacks|Landings)|TestSilence)$$' $(TESTFLAGS) .

oracle-130: ## The same against Istio 1.30 (docs/compatibility.md)
	cd test/oracle && ORACLE_MESHES=$(MESHES) ORACLE_SEED=$(SEED) $(GO) test -mod=mod -modfile=go.130.mod -tags istio130 -count=1 -timeout 3h -skip '^(Test(Ambient)?(Attacks|Landings)|TestSilence|Test(KubernetesRoutes|KubernetesGateways|BackendTLSPolicies|GatewayAPIReviews|KubernetesGatewayReviews))$$' $(TESTFLAGS) .

attacks: ## Search for writes of a tenant that are admitted and take the TLS of somebody's connection (MESHES attacks; SEED=n repeats a run)
	cd test/oracle && ORACLE_MESHES=$(MESHES) ORACLE_SEED=$(SEED) $(GO) test -mod=mod -count=1 -timeout 3h -run '^Test(Ambient)?Attacks$$' $(TESTFLAGS) .

landings: ## Search for correct configurations that do not land or go whole in a random order, and for fixes that do not help (MESHES; SEED=n repeats a run)
	cd test/oracle && ORACLE_MESHES=$(MESHES) ORACLE_SEED=$(SEED) $(GO) test -mod=mod -count=1 -timeout 3h -run '^Test(Ambient)?Landings$$' $(TESTFLAGS) .

silence: ## Search for meshes of which check says nothing, and which let something out in plaintext or unchecked (MESHES; SEED=n repeats a run)
	cd test/oracle && ORACLE_MESHES=$(MESHES) ORACLE_SEED=$(SEED) $(GO) test -mod=mod -count=1 -timeout 3h -run '^TestSilence$$' $(TESTFLAGS) .

e2e: control-plane ## The tests against a real API server
	$(GO) test $(RACE) -count=1 -timeout 40m $(TESTFLAGS) ./test/e2e/...

test-versions: control-plane ## An older version, built from the history, and this one side by side, there and back (minutes)
	TLSWARD_VERSIONS=must $(GO) test -count=1 -timeout 30m -v $(TESTFLAGS) -run '^TestVersionsSideBySide$$' ./test/e2e

test-compat: ## The tests against a real API server of the oldest Kubernetes that the chart allows (built once)
	@test/controlplane/build.sh oldest
	KUBEBUILDER_ASSETS=$(CURDIR)/bin/oldest $(GO) test -count=1 -timeout 40m $(TESTFLAGS) ./test/e2e/...

test-ha: control-plane ## The long run: replicas under load while everything goes wrong (its table: docs/reliability.md)
	TLSWARD_HA=long $(GO) test -count=1 -timeout 3h -v $(TESTFLAGS) ./test/ha

test-chart: control-plane ## The Helm chart's values, and its life on a real API server, beside the real cert-manager (built once)
	cd test/chart/unittest && $(GO) tool helm-unittest ../../../charts/tlsward
	$(GO) test -tags chart -count=1 -timeout 30m $(TESTFLAGS) ./test/chart

test-cluster: ## The chart on a real one-node cluster (root on Linux, or KUBECONFIG of a disposable one)
	$(GO) test -tags cluster -count=1 -timeout 60m -v $(TESTFLAGS) ./test/cluster

# Of what cannot run here the tests are skipped; TLSWARD_PROXIES=must makes that a failure. ENVOY names another Envoy.
test-proxies: control-plane ## What real proxies do: API server, istiod, agents and Envoys in a sealed world (root on Linux; docs/proxies.md)
	$(GO) test -tags proxies -count=1 -timeout 30m -v $(TESTFLAGS) ./test/proxies

test-proxies-130: control-plane ## The same with Istio 1.30 and its Envoy
	TLSWARD_ISTIO=1.30 $(GO) test -tags proxies -count=1 -timeout 30m -v $(TESTFLAGS) ./test/proxies

# Hours: TLSWARD_ISTIO=1.30 runs it with that version.
test-proxies-long: control-plane ## The long run of random meshes and attacks on the wire: MESHES of each (SEED=n repeats a run)
	TLSWARD_MESHES=$(MESHES) TLSWARD_ATTACKS=$(MESHES) TLSWARD_SEED=$(or $(SEED),1) $(GO) test -tags proxies -count=1 -timeout 24h -v -run '^Test(Random|AttackSearch)' $(TESTFLAGS) ./test/proxies

test-release: control-plane ## A release of linux/amd64, used as a newcomer would: made twice, pushed, pulled, verified, installed
	cd tools/release && $(RELEASE_GO) vet . && $(RELEASE_GO) test $(TESTFLAGS) .
	$(RELEASE_GO) test -tags release -count=1 -timeout 30m $(TESTFLAGS) ./test/release

test-release-tools: $(COSIGN) $(KREW) ## The same, looked at by the real cosign and by krew's validator too (built once, several minutes)
	COSIGN=$(CURDIR)/$(COSIGN) KREW=$(CURDIR)/$(KREW) $(MAKE) --no-print-directory test-release

$(COSIGN):
	@mkdir -p bin/sign
	GOBIN=$(CURDIR)/bin/sign $(GO) install github.com/sigstore/cosign/v3/cmd/cosign@$(COSIGN_VERSION)
	@mv bin/sign/cosign $@ && rmdir bin/sign

$(KREW):
	@mkdir -p bin/krew
	GOBIN=$(CURDIR)/bin/krew $(GO) install sigs.k8s.io/krew/cmd/validate-krew-manifest@$(KREW_VERSION)
	@mv bin/krew/validate-krew-manifest $@ && rmdir bin/krew

page: ## The page of `tlsward report -o html` in headless Chromium, which has to be installed; SCREENSHOTS=dir keeps pictures
	cd test/page && SCREENSHOTS=$(SCREENSHOTS) $(GO) test -count=1 -timeout 20m $(TESTFLAGS) .

control-plane:
	@test/controlplane/build.sh

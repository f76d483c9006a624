# tlsward: `make help` prints the targets. Go alone is needed; what else the tests want is built from Go modules into
# bin/, once.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS  = -s -w -X main.version=$(VERSION)

# RACE=-race runs the tests under the race detector (needs a C compiler); TESTFLAGS is added to every `go test`.
RACE      ?=
TESTFLAGS ?=
# How long each fuzz target runs under `make fuzz`.
FUZZTIME  ?= 30s

GOLANGCI_VERSION = v2.15.0
GOLANGCI         = bin/golangci-lint-$(GOLANGCI_VERSION)

.DEFAULT_GOAL := help
.PHONY: help build test test-chart test-ha check vet lint fmt fuzz suites bench docs

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Build the program into bin/tlsward
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/tlsward ./cmd/tlsward

test: control-plane ## Run all tests, also those against a real API server (built once, minutes on a cold cache)
	$(GO) test $(RACE) -timeout 20m $(TESTFLAGS) ./...

test-chart: control-plane ## The Helm chart on a real API server, with the real helm (built once, minutes on a cold cache)
	$(GO) test -tags chart -timeout 20m $(TESTFLAGS) ./test/chart

test-ha: control-plane ## The long run under load: crashes, restarts and rotations while clients write (15 minutes)
	TLSWARD_HA=long $(GO) test -run TestUnderLoad -v -timeout 60m $(TESTFLAGS) ./test/ha

check: vet ## Everything quick: build, vet, tests without the API server, Suites
	$(GO) build ./...
	$(GO) test $(TESTFLAGS) $$($(GO) list ./... | grep -vE '/test/(e2e|ha)$$')

vet: ## go vet and gofmt, without changing anything
	$(GO) vet ./...
	@unformatted=$$(git ls-files '*.go' | xargs gofmt -l); [ -z "$$unformatted" ] || { echo "not formatted (make fmt):"; echo "$$unformatted"; exit 1; }

lint: vet $(GOLANGCI) ## golangci-lint, which also holds the arrows between packages
	$(GOLANGCI) run ./...

$(GOLANGCI):
	@mkdir -p bin/lint
	GOBIN=$(CURDIR)/bin/lint $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@mv bin/lint/golangci-lint $@ && rmdir bin/lint

fmt: ## Format the Go code
	git ls-files '*.go' | xargs gofmt -w

fuzz: ## Run every fuzz target for FUZZTIME
	@git grep -n '^func Fuzz' -- '*_test.go' | sed -E 's#^(.*)/[^/]*:[0-9]+:func (Fuzz[A-Za-z0-9_]*).*#\1 \2#' | \
	while read -r dir target; do \
		echo "fuzz $$dir $$target"; \
		$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "./$$dir" || exit 1; \
	done

bench: build ## Measure what tlsward adds to admission, beside a handler that allows everything
	$(GO) run ./test/bench -tlsward bin/tlsward

.PHONY: control-plane
control-plane:
	@test/controlplane/build.sh

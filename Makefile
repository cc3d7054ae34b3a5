# pinhook: everything a person does with the source. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PRESET ?= release
JOBS ?= $(shell nproc)
# Tests wait more than they compute.
TEST_JOBS ?= $(shell expr 2 '*' $(JOBS))
FUZZ_SECONDS ?= 30
FUZZ_HOURS ?= 1
SOAK ?= local
SOAK_MINUTES ?= 60
RATE ?= $(if $(filter cluster,$(SOAK)),100,2000)
IMAGE ?= pinhook:dev

sources = $(shell git ls-files '*.cpp' '*.hpp')

.PHONY: help deps build demo test test-debian test-arm64 e2e e2e-programs e2e-more nodes console-test check format format-check units tidy headers asan tsan bench bench-cluster load flood soak fuzz fuzz-long image image-twice cves attach manifests chart clean

help: ## this list
	@awk -F':.*## ' '/^[a-z0-9 -]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

deps: ## install the Debian packages of all groups that are missing (.ci/packages)
	@.ci/install build test e2e check bench

# Each command installs what it needs itself, no more.
packages-build: groups = build
packages-test: groups = build test
packages-e2e: groups = build test e2e
packages-nodes: groups = build nodes
packages-browser: groups = build browser
packages-check: groups = build test check
packages-bench: groups = build test bench
packages-cluster: groups = build test bench e2e
packages-%:
	@.ci/install $(groups)

# Tests and benchmarks are configured by the commands that build them, for what they need is in other groups. What is
# configured once stays: a folder that began with `make demo` or `make build` compiles several sources in one unit, which
# takes less than half the time.
build demo: units = -DPINHOOK_UNITY=ON
build/%/build.ninja: CMakeLists.txt CMakePresets.json tests/CMakeLists.txt
	cmake --preset $* $(if $(wildcard build/$*/CMakeCache.txt),,-DPINHOOK_TESTS=OFF $(units)) >/dev/null
configured_with = grep -qs '^$(1):BOOL=ON' build/$(PRESET)/CMakeCache.txt || cmake --preset $(PRESET) -D$(1)=ON >/dev/null

build: packages-build build/$(PRESET)/build.ninja ## build/release/pinhook
	cmake --build build/$(PRESET) -j $(JOBS) --target pinhook

demo: build ## the main job in one process: no cluster, no internet
	build/$(PRESET)/pinhook demo

test: packages-test build/$(PRESET)/build.ninja ## unit, golden and integration tests (PRESET=dev for quick builds)
	@$(call configured_with,PINHOOK_TESTS)
	cmake --build build/$(PRESET) -j $(JOBS)
	ctest --test-dir build/$(PRESET) --output-on-failure -j $(TEST_JOBS)

test-debian: ## demo and tests on the other release of Debian, in a chroot (as root; SUITE=bookworm or trixie)
	@.ci/debian

test-arm64: ## cross-built for arm64 in a chroot: unit and golden tests, and the demo, under qemu (as root)
	@TARGET=arm64 .ci/debian

# tests/e2e/tools reads it.
export KUBERNETES
# Without the programs of a control plane and without Go there is nothing to run on: said in one line, no failure.
e2e-programs: packages-e2e ## the programs of the end-to-end tests, built with Go once; nothing where there is no Go
	@tests/e2e/tools >/dev/null || [ $$? = 3 ]

e2e: packages-e2e build/$(PRESET)/build.ninja ## on a real Kubernetes control plane (KUBEBUILDER_ASSETS, or built once with Go; KUBERNETES=1.30: another than the newest)
	@programs=$$(tests/e2e/tools); found=$$?; \
	if [ $$found = 3 ]; then echo "e2e: SKIPPED: no control plane to run on"; exit 0; fi; \
	[ $$found = 0 ] && { $(call configured_with,PINHOOK_TESTS); } && cmake --build build/$(PRESET) -j $(JOBS) --target pinhook e2e_test && \
	if [ -x $$programs/helm ] && [ -x $$programs/strict_decoder ]; then \
	  PINHOOK_E2E_BIN=$$programs tests/e2e/manifests_compare/manifests_compare_test.py && \
	  PINHOOK_E2E_BIN=$$programs tests/e2e/manifests_compare/install_files_test.py && (cd tests/e2e/strict_decoder && go test ./...); \
	else echo "e2e: the chart is not compared with kustomize: that takes helm and strict_decoder, built with Go"; fi && \
	E2E_PROGRAMS=$$programs build/$(PRESET)/tests/e2e_test $(E2E_FLAGS)

e2e-more: ## what the gates leave out: the oldest Kubernetes, and real Kueue on the newest
	$(MAKE) --no-print-directory e2e KUBERNETES=$$(ls tests/e2e/control_plane | grep '^1' | sort -V | head -1)
	E2E_MORE=1 $(MAKE) --no-print-directory e2e KUBERNETES= E2E_FLAGS='--gtest_filter=Kueue*'

# The browser is large, so it is installed only for this.
console-test: packages-browser build/$(PRESET)/build.ninja ## the pages of the console in Debian's chromium: filters, keyboard, hostile texts, demo --console, pictures in build/console-pictures
	cmake --build build/$(PRESET) -j $(JOBS) --target pinhook
	@PINHOOK=build/$(PRESET)/pinhook python3 -m unittest discover -v -s tests/browser -p '*_test.py'

nodes: packages-nodes build/$(PRESET)/build.ninja ## podman and pinhook with the same registries.conf: the same hosts in the same order (as root)
	cmake --build build/$(PRESET) -j $(JOBS) --target pinhook
	tests/e2e/nodes/compare-podman build/$(PRESET)/pinhook

check: format-check units asan tsan headers tidy ## format, larger units, Clang with sanitizers, lone headers, clang-tidy

format: ## format the sources in place
	@clang-format-19 -i $(sources)

format-check: packages-check ## the format, without changing anything
	@clang-format-19 --dry-run -Werror $(sources)

units: packages-build ## the sources compile several in one unit, too, as make demo builds them
	cmake --preset release -B build/units -DPINHOOK_TESTS=OFF -DPINHOOK_UNITY=ON >/dev/null
	cmake --build build/units -j $(JOBS) --target pinhook

asan tsan: packages-check ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer, or ThreadSanitizer
	cmake --preset $@ >/dev/null
	cmake --build build/$@ -j $(JOBS)
	ctest --test-dir build/$@ --output-on-failure -j $(TEST_JOBS)

headers: packages-check ## every header compiles alone (those with a source: its first include, as the format has it)
	cmake --preset lint >/dev/null
	cmake --build build/lint -j $(JOBS) --target lone_headers

# Units of several sources, as the preset makes them, take a fifth of the time of the sources one by one.
tidy: packages-check ## clang-tidy, all findings are errors
	cmake --preset lint >/dev/null
	cmake --build build/lint --target console/page_files.cpp
	@sed -n 's/^ *"file": "\(.*\)",\?$$/\1/p' build/lint/compile_commands.json | grep -v -e /lone_headers/ -e '_impl\.cpp$$' | \
	  xargs -P $(JOBS) -n 1 clang-tidy-19 -p build/lint --quiet 2> >(grep -vE 'warnings? (generated|treated)' >&2)

bench: packages-bench build/release/build.ninja ## benchmarks of the inside, of files and reports, cold answers, then the load run beside nginx
	@$(call configured_with,PINHOOK_TESTS)
	@$(call configured_with,PINHOOK_BENCH)
	cmake --build build/release -j $(JOBS)
	build/release/tests/bench/pinhook_bench --benchmark_min_time=0.2
	tests/bench/files
	tests/bench/report
	tests/bench/console
	tests/bench/instructions
	tests/bench/cold
	$(MAKE) --no-print-directory load

bench-cluster: packages-cluster build/release/build.ninja ## what pinhook adds to creates at a real API server, beside a webhook in Go (CLUSTER_FLAGS)
	@programs=$$(tests/e2e/tools); found=$$?; \
	if [ $$found = 3 ]; then echo "bench-cluster: SKIPPED: no control plane to run on"; exit 0; fi; \
	[ $$found = 0 ] && cmake --build build/release -j $(JOBS) --target pinhook && tests/bench/cluster --programs $$programs $(CLUSTER_FLAGS)

load: packages-bench build/release/build.ninja ## the load run alone (BASE=PROGRAM: in turn with another build)
	@$(call configured_with,PINHOOK_TESTS)
	@$(call configured_with,PINHOOK_BENCH)
	cmake --build build/release -j $(JOBS)
	tests/bench/load

flood: packages-bench build/release/build.ninja ## what one namespace's flood costs another
	cmake --build build/release -j $(JOBS) --target pinhook
	tests/bench/flood

# By way of a real API server it takes the programs of the end-to-end tests.
soak: packages-bench $(if $(filter cluster,$(SOAK)),packages-e2e) build/release/build.ninja ## two replicas under load while faults come one after the other, on loopback (SOAK=cluster: by way of a real API server; SOAK_MINUTES, RATE)
	@$(call configured_with,PINHOOK_TESTS)
	cmake --build build/release -j $(JOBS) --target pinhook pinhook_calendar
	@programs=; $(if $(filter cluster,$(SOAK)),programs=$$(tests/e2e/tools) &&) \
	tests/soak/soak --minutes $(SOAK_MINUTES) --rate $(RATE) --out build/soak $${programs:+--control-plane $$programs}

fuzz: packages-check ## each fuzz target for FUZZ_SECONDS (30)
	cmake --preset fuzz >/dev/null
	cmake --build build/fuzz -j $(JOBS) --target tests/fuzz/all
	@for f in build/fuzz/tests/fuzz/*_fuzz; do \
	  name=$$(basename $$f _fuzz); log=build/fuzz/$$name.log; mkdir -p build/fuzz/corpus/$$name; \
	  $$f -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=build/fuzz/$$name- build/fuzz/corpus/$$name tests/fuzz/corpus/$$name >$$log 2>&1 || \
	    { tail -60 $$log; echo "$$name: found something; the input is build/fuzz/$$name-*"; exit 1; }; \
	  echo "$$name: $$(tail -1 $$log)"; \
	done

fuzz-long: packages-check ## all fuzz targets for FUZZ_HOURS (1), with sanitizers and faster without; executions added up in tests/fuzz/ledger.json
	cmake --preset fuzz >/dev/null
	cmake --build build/fuzz -j $(JOBS) --target tests/fuzz/all
	cmake --preset fuzz-fast >/dev/null
	cmake --build build/fuzz-fast -j $(JOBS) --target tests/fuzz/all
	tests/fuzz/long --hours $(FUZZ_HOURS) --jobs $(JOBS)

image: ## the container image, with docker or buildah
	@IMAGE=$(IMAGE) .ci/image

image-twice: ## the image built twice, from clones in two folders, is the same bit for bit (CACHED=1: with the compiler's cache)
	@.ci/image-twice

cves: ## what Debian has fixed is in the image, too (IMAGE; exit code 1 where not)
	@.ci/cves $(IMAGE)

attach: ## SBOM and provenance of a pushed image into its registry (IMAGE=registry/name@sha256:…)
	@.ci/attach $(IMAGE)

# The image of a build that was not pushed has no digest: these take IMAGE only where it is given.
manifests chart: installed_image = $(if $(filter command environment,$(firstword $(origin IMAGE))),$(IMAGE))
manifests: ## build/install/pinhook-*.yaml, each all objects in one file (IMAGE=name@sha256:…, else the release's; KUBECTL)
	@IMAGE=$(installed_image) .ci/package manifests

chart: ## build/install/pinhook-VERSION.tgz, pushed where CHARTS=oci://… says so (IMAGE as above; HELM, HELM_PUSH_FLAGS)
	@IMAGE=$(installed_image) .ci/package chart

clean: ## remove build/
	rm -rf build

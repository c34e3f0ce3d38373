# One line per chore; `make` alone lists them.
# SCRATCH names another build folder, for example one that several clones share.
SCRATCH ?= .build
export SWIFT_DETERMINISTIC_HASHING = 1
SWIFT_BUILD = swift build --scratch-path $(SCRATCH)
ADDRESS_FLAGS = --scratch-path $(SCRATCH)-address --sanitize=address

.PHONY: help set-up build release demo test test-long test-address bench fuzz format lint viewer clean

help:  ## list the chores
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

set-up:  ## install what building needs (apt), nothing else
	@tools/set-up build

build: set-up  ## build for development
	$(SWIFT_BUILD)

release: set-up  ## build with optimisation: .build/release/pollux
	$(SWIFT_BUILD) -c release --product pollux

demo:  ## everything from a fresh machine to a running plant: broker, server, simulated CNC, viewer
	@tools/set-up demo
	@tools/fetch-viewer-packages
	@echo "demo: building (the first time takes some minutes)"
	$(SWIFT_BUILD) -c release --product pollux
	@tools/demo $(SCRATCH)/release/pollux

test:  ## install what the tests need and run them
	@tools/set-up test
	@tools/fetch-viewer-packages || echo "test: going on without the 3D library"
	@echo "test: building (the first time takes some minutes)"
	$(SWIFT_BUILD) --build-tests
	swift test --scratch-path $(SCRATCH) --skip-build

test-long:  ## the long tests too: thousands of seeds, 50 kills, whole data sets
	@tools/set-up test
	$(SWIFT_BUILD) --build-tests
	POLLUX_LONG_TESTS=1 swift test --scratch-path $(SCRATCH) --skip-build
	@$(MAKE) --no-print-directory test-address
	@SCRATCH=$(SCRATCH) tools/fuzz-decoders 300

test-address:  ## the tests of the codec and the store with the address sanitizer, in a build folder of their own
	@tools/set-up test
	swift build $(ADDRESS_FLAGS) --build-tests
	@# XCTest itself leaves some bytes behind; what is read or written out of bounds is looked for.
	ASAN_OPTIONS=detect_leaks=0 swift test $(ADDRESS_FLAGS) --skip-build --filter "PolluxCodecTests|PolluxKeyValueTests|PolluxStoreTests"

fuzz:  ## minutes of libFuzzer with the address sanitizer on decoders of columns, readers of records and decoders of messages
	@SCRATCH=$(SCRATCH) tools/fuzz-decoders 240

bench:  ## sizes and speeds beside peers; writes bench/results/DATE-NAME.md
	@tools/set-up build
	@SCRATCH=$(SCRATCH) bench/run

viewer:  ## fetch the viewer's three.js (not part of the repository)
	@tools/fetch-viewer-packages

format:  ## format the Swift sources in place
	swift format -i --recursive Sources Tests bench Package.swift

lint:  ## check format and documentation comments
	swift format lint --strict --recursive Sources Tests bench Package.swift

clean:  ## remove what builds made
	rm -rf .build .build-*

# On a fresh Debian 12 or Raspberry Pi OS with make and Rust (https://rustup.rs), each of these works.

# Rust may be too new here for the shell to know its folder.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin

.PHONY: run test lint prepare setup soak bench

# The console with a shop to try out.
run: setup
	cargo run --release -- demo

test: setup
	cargo test

lint: setup
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings

# After a change of SQL: writes the types of all queries into .sqlx/.
prepare: setup
	.ci/database run cargo sqlx prepare -- --all-targets

# The Debian packages that are missing.
setup:
	@.ci/setup

# Eight tills under random faults: prints acked, unknown then resolved, lost (0) and doubled (0).
soak: setup
	GUITAI_SOAK=$${GUITAI_SOAK:-2000} cargo test --test main soak -- --nocapture

# The promises of speed, as ratios in the same run.
bench: setup
	cargo bench

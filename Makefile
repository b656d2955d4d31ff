# The two commands of the README. Each does its own set-up on a fresh Debian or Ubuntu machine with Rust.
.PHONY: demo test

demo:
	@bash .ci/setup
	cargo build --release --workspace --bins $(CARGO_OPTIONS)
	@bash reports/incident/demo.sh

test:
	@bash .ci/setup
	bash .ci/test

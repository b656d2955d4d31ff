//! `whosaw`: an audit ledger for AI agents.

#![deny(unsafe_code)]

use std::process::ExitCode;

/// What Rust allocates. RocksDB is C++ and takes the C library's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    share_arenas();
    whosaw::cli::main()
}

/// glibc gives threads arenas of their own, eight for each processor, and each keeps what a report's threads had RocksDB read:
/// 150 MiB of 1 GiB for an exposure report on a million entries. Two are enough, RocksDB allocates by the block.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code, reason = "the C library has no other way to be told, but the environment")]
fn share_arenas() {
    const ARENAS: i32 = 2;
    // SAFETY: sets one number of the allocator, while no other thread runs. Refused, it stays as it was.
    unsafe { libc::mallopt(libc::M_ARENA_MAX, ARENAS) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn share_arenas() {}

//! Whoever keeps the keys of persons: a PKCS#11 token by itself and under a server, and what is still done, and what is
//! refused, while keys cannot be had.

#[allow(dead_code, reason = "each test file uses its part")]
#[path = "../common/mod.rs"]
mod common;
mod faulty;
mod hanging;
mod server;
mod softhsm;
mod token;

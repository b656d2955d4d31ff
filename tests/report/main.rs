//! The access report from outside: what it says of single cases, that its counts are right, and what it looks like.

mod cases;
mod counting;
mod rendering;
mod sample;

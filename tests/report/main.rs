//! The access report from outside: what it says of single cases, that its counts are right, and what it looks like.

mod amended;
mod cases;
mod counting;
mod logging;
mod moved;
mod own;
mod parties;
mod person;
mod projected;
mod rendering;
mod sample;
mod sheets;
#[path = "../common/sheets.rs"]
mod sheets_read;
mod told;

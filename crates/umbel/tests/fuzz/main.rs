//! A mutation fuzzer on stable Rust for everything that reads foreign bytes: pictures, and the files that umbel itself
//! wrote and that anything may have happened to. No case may panic, take seconds, or allocate more than the limits say.
//! The cases are the same in every run; `UMBEL_FUZZ_CASES` sets their number (CONTRIBUTING.md). It is a binary of its own
//! because a counting allocator serves a whole program.

mod allocator;
mod annotations;
#[path = "../archives/mod.rs"]
mod archives;
mod files;
mod mutate;
mod pictures;
mod seeds;
mod sources;
mod unpack;
mod watch;

#[global_allocator]
static COUNTING: allocator::Counting = allocator::Counting;

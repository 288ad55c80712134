//! Tests of the way from a folder of photos to batches. They draw their own pictures; those that need real ones look for
//! them beside the repository and say so where they are absent.

#[path = "../archives/mod.rs"]
mod archives;
mod augment;
mod boxes;
mod cache;
mod decode;
mod divided;
mod exif;
mod folders;
mod groups;
mod index;
mod kinds;
mod loader;
mod manifest;
mod memory;
mod metadata;
mod origin;
mod pictures;
mod plan;
mod prep;
mod sources;
mod split;
mod tiles;
mod together;
mod unpack;

//! Tests of `nn`.

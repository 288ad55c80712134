//! Tests of the program: they run the real binary.

//! `local-aws`: the stand-in's command line.

fn main() {}

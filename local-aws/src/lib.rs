//! A local stand-in for the AWS services that connect-interpreter calls.

pub mod engines;

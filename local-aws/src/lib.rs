//! A local stand-in for the AWS services that connect-interpreter calls.
#![doc = include_str!("../README.md")]

pub mod app;
pub mod audio;
mod connect;
pub mod control;
pub mod engines;
pub mod event_stream;
pub mod keys;
mod page;
pub mod server;
pub mod services;
pub mod sigv4;

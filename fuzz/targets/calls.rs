#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| connect_interpreter_fuzz::calls::run(data));

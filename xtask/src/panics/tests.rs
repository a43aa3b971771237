//! An object of the smallest size, as LLVM would write it.

use super::*;

const UNREACHABLE: u8 = 0x00;
const BLOCK: [u8; 2] = [0x02, 0x40];
const LOOP: [u8; 2] = [0x03, 0x40];
const IF: [u8; 2] = [0x04, 0x40];
const END: u8 = 0x0b;
const BRANCH_IF: [u8; 2] = [0x0d, 0];
const LOCAL: [u8; 2] = [0x20, 0];
const DROP: u8 = 0x1a;

/// The panic is function 0, `ours` 1, `theirs` 2.
fn call(function: u8) -> Vec<u8> {
    vec![0x10, 0x80 | function, 0x80, 0x80, 0x80, 0]
}

/// Puts an address on the stack: 5 bytes that the linker writes.
fn address() -> Vec<u8> {
    vec![0x41, 0x80, 0x80, 0x80, 0x80, 0]
}

fn section(id: u8, content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    [&[id][..], &leb(content.len()), &content].concat()
}

fn text(text: &str) -> Vec<u8> {
    [&leb(text.len()), text.as_bytes()].concat()
}

/// Two functions `(i32) -> ()` and an imported one that panics. Each call and
/// address is listed as a place.
fn object(ours: &[&[u8]], theirs: &[&[u8]]) -> Vec<u8> {
    let body = |code: &[&[u8]]| {
        let code = code.concat();
        [&leb(code.len() + 2)[..], &[0], &code, &[END]].concat()
    };
    let code = [vec![2], body(ours), body(theirs)].concat();
    let mut places = Vec::new();
    let mut count = 0;
    for at in 0..code.len() {
        // Of what the bodies here hold, only a place ends in these.
        if code[at..].starts_with(&[0x80, 0x80, 0x80, 0]) {
            let (kind, offset) = match code[at - 2] {
                0x10 => (0, at - 1),
                _ => (4, at - 2),
            };
            places.extend([&[kind][..], &leb(offset), &[0]].concat());
            if kind == 4 {
                places.push(0);
            }
            count += 1;
        }
    }
    let symbol = |index: u8, name: &str| [&[0, 0, index][..], &text(name)].concat();
    let symbols = [
        // Undefined: the import's name is its own.
        vec![3, 0, 0x10, 0],
        symbol(1, "ours"),
        symbol(2, "theirs"),
    ]
    .concat();
    [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, &[&[2, 0x60, 0, 0, 0x60, 1, 0x7f, 0]]),
        section(2, &[&[1], &text("env"), &text(PANIC), &[0, 0]]),
        section(3, &[&[2, 1, 1]]),
        section(10, &[&code]),
        section(
            0,
            &[&text("linking"), &[2, 8], &leb(symbols.len()), &symbols],
        ),
        section(0, &[&text(PLACES), &[3], &leb(count), &places]),
    ]
    .concat()
}

const PANIC: &str = "_RNvNtCsgXGp5Oqx2Ny_4core9panicking5panic";

/// The two functions' code and the number of places that are left.
fn after(object: &[u8]) -> (Vec<u8>, Vec<u8>, usize) {
    let out = cut(object).unwrap();
    let read = Object::read(&out).unwrap();
    let code = |index: usize| {
        let range = read.bodies[index].range();
        // Without the list of locals and the last `end`.
        out[range.start + 1..range.end - 1].to_vec()
    };
    let places = read.places.as_ref().unwrap().reader.entries();
    (code(0), code(1), places.count() as usize)
}

fn unreachable(bytes: usize) -> Vec<u8> {
    vec![UNREACHABLE; bytes]
}

#[test]
fn what_leads_to_a_panic_and_nowhere_else_becomes_a_trap() {
    // if local { write an address; panic } call theirs
    let guarded = object(
        &[
            &LOCAL,
            &IF,
            &address(),
            &[DROP],
            &call(0),
            &[UNREACHABLE, END],
            &LOCAL,
            &call(2),
        ],
        &[],
    );
    let (ours, _, places) = after(&guarded);
    let expected = [
        &LOCAL[..],
        &IF,
        &unreachable(6 + 1 + 6 + 1),
        &[END],
        &LOCAL,
        &call(2),
    ];
    assert_eq!(ours, expected.concat());
    assert_eq!(places, 1);
}

#[test]
fn a_function_that_only_panics_is_a_panic_itself() {
    let nested = object(
        &[&address(), &call(2), &[UNREACHABLE]],
        &[&address(), &[DROP], &call(0), &[UNREACHABLE]],
    );
    let (ours, theirs, places) = after(&nested);
    assert_eq!(ours, unreachable(6 + 6 + 1));
    assert_eq!(theirs, unreachable(6 + 1 + 6 + 1));
    assert_eq!(places, 0);
}

#[test]
fn a_function_with_another_way_out_is_not() {
    let ways: [&[&[u8]]; 4] = [
        // Around the panic.
        &[&BLOCK, &LOCAL, &BRANCH_IF, &call(0), &[UNREACHABLE, END]],
        &[&LOCAL, &IF, &call(0), &[UNREACHABLE, END]],
        // Round and round.
        &[
            &LOOP,
            &LOCAL,
            &BRANCH_IF,
            &call(0),
            &[UNREACHABLE, END, UNREACHABLE],
        ],
        // A trap of another kind, such as after an error thrown to JavaScript.
        &[&LOCAL, &IF, &call(0), &[UNREACHABLE, END, UNREACHABLE]],
    ];
    for theirs in ways {
        let (ours, theirs, places) = after(&object(&[&LOCAL, &call(2)], theirs));
        assert_eq!(ours, [&LOCAL[..], &call(2)].concat());
        assert!(!theirs.windows(6).any(|code| code == call(0)));
        assert_eq!(places, 1);
    }
}

#[test]
fn a_compiler_that_names_its_panics_otherwise_is_noticed() {
    let unknown = object(&[&LOCAL, &call(2)], &[]);
    assert!(cut(&unknown).is_err());
}

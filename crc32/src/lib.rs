//! CRC-32 (ISO-HDLC) with the interface of the crate `crc32fast`, in whose
//! place the workspace puts it (`[patch]` in the root's Cargo.toml).
//!
//! aws-smithy-eventstream takes the checksums of its messages with
//! `crc32fast`, whose 16 kB of tables do not compress: a thirteenth of what a
//! page loads, for 64 kB of audio a second. This one has 64 bytes of table and
//! is fast enough for a hundred times that.

/// The remainders of the 16 values of four bits.
const TABLE: [u32; 16] = {
    let mut table = [0; 16];
    let mut index = 0;
    while index < 16 {
        let mut crc = index as u32;
        let mut bit = 0;
        while bit < 4 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
};

/// A checksum under way.
#[derive(Clone, Debug, Default)]
pub struct Hasher {
    crc: u32,
}

impl Hasher {
    /// The checksum of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { crc: 0 }
    }

    /// A checksum that goes on from another.
    #[must_use]
    pub const fn new_with_initial(crc: u32) -> Self {
        Self { crc }
    }

    /// Takes more bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        let step = |crc: u32, bits: u32| (crc >> 4) ^ TABLE[((crc ^ bits) & 15) as usize];
        self.crc = !bytes.iter().fold(!self.crc, |crc, byte| {
            let byte = u32::from(*byte);
            step(step(crc, byte), byte >> 4)
        });
    }

    /// Begins again.
    pub const fn reset(&mut self) {
        self.crc = 0;
    }

    /// The checksum of the bytes so far.
    #[must_use]
    pub const fn finalize(self) -> u32 {
        self.crc
    }
}

/// The checksum of these bytes.
#[must_use]
pub fn hash(bytes: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(bytes);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of CRC-32/ISO-HDLC in the catalogue of CRC algorithms,
    /// and those of zlib.
    #[test]
    fn published_values() {
        assert_eq!(hash(b"123456789"), 0xCBF4_3926);
        assert_eq!(hash(b""), 0);
        assert_eq!(hash(b"a"), 0xE8B7_BE43);
        assert_eq!(hash(&[0; 32]), 0x190A_55AD);
        assert_eq!(hash(&[0xFF; 32]), 0xFF6C_AB0B);
    }

    #[test]
    fn pieces_are_the_whole() {
        let bytes: Vec<u8> = (0..=255).collect();
        for cut in 0..bytes.len() {
            let mut hasher = Hasher::new();
            hasher.update(&bytes[..cut]);
            let mut hasher = Hasher::new_with_initial(hasher.finalize());
            hasher.update(&bytes[cut..]);
            assert_eq!(hasher.clone().finalize(), hash(&bytes));
            hasher.reset();
            assert_eq!(hasher.finalize(), 0);
        }
    }
}

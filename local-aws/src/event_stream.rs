//! The event-stream messages that Transcribe and its clients exchange.
//!
//! Layout: total length, header length, CRC-32 of those eight bytes, headers,
//! payload, CRC-32 of all before it; every number big-endian.

/// A message with its string headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Names and values. Headers of other types than string are left out.
    pub headers: Vec<(String, String)>,
    /// The payload.
    pub payload: Vec<u8>,
}

const PRELUDE: usize = 12;
const OVERHEAD: usize = PRELUDE + 4;
const STRING: u8 = 7;

/// Not the crate that the client uses: its checksums are checked by another.
const CRC32: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

impl Message {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The message's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut headers = Vec::new();
        for (name, value) in &self.headers {
            headers.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
            headers.extend(name.as_bytes());
            headers.push(STRING);
            headers.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
            headers.extend(value.as_bytes());
        }
        let length = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_be_bytes();
        let mut bytes = Vec::with_capacity(OVERHEAD + headers.len() + self.payload.len());
        bytes.extend(length(OVERHEAD + headers.len() + self.payload.len()));
        bytes.extend(length(headers.len()));
        bytes.extend(CRC32.checksum(&bytes).to_be_bytes());
        bytes.extend(headers);
        bytes.extend(&self.payload);
        bytes.extend(CRC32.checksum(&bytes).to_be_bytes());
        bytes
    }

    /// Reads exactly one message.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
        if bytes.len() < OVERHEAD {
            return Err("the message is shorter than its prelude");
        }
        let number = |at: usize| {
            bytes
                .get(at..at + 4)
                .and_then(|four| four.try_into().ok())
                .map_or(0, u32::from_be_bytes)
        };
        if number(8) != CRC32.checksum(&bytes[..8]) {
            return Err("the prelude's checksum is wrong");
        }
        if number(0) as usize != bytes.len() {
            return Err("the message's length is wrong");
        }
        let end = bytes.len() - 4;
        if number(end) != CRC32.checksum(&bytes[..end]) {
            return Err("the message's checksum is wrong");
        }
        let headers_end = PRELUDE
            .checked_add(number(4) as usize)
            .filter(|at| *at <= end)
            .ok_or("the headers are longer than the message")?;
        Ok(Self {
            headers: read_headers(&bytes[PRELUDE..headers_end])?,
            payload: bytes[headers_end..end].to_vec(),
        })
    }
}

fn read_headers(mut bytes: &[u8]) -> Result<Vec<(String, String)>, &'static str> {
    const CUT: &str = "a header is cut off";
    let mut headers = Vec::new();
    while let Some((&name_length, rest)) = bytes.split_first() {
        let (name, rest) = rest.split_at_checked(usize::from(name_length)).ok_or(CUT)?;
        let name = std::str::from_utf8(name).map_err(|_| "a header's name is not UTF-8")?;
        if name.is_empty() {
            return Err("a header has no name");
        }
        let (&kind, rest) = rest.split_first().ok_or(CUT)?;
        let (length, rest) = match kind {
            0 | 1 => (0, rest),
            2 => (1, rest),
            3 => (2, rest),
            4 => (4, rest),
            5 | 8 => (8, rest),
            9 => (16, rest),
            6 | STRING => {
                let (length, rest) = rest.split_first_chunk::<2>().ok_or(CUT)?;
                (usize::from(u16::from_be_bytes(*length)), rest)
            }
            _ => return Err("a header's type is unknown"),
        };
        let (value, rest) = rest.split_at_checked(length).ok_or(CUT)?;
        if headers.iter().any(|(known, _)| known == name) {
            return Err("a header is there twice");
        }
        if kind == STRING {
            let value = std::str::from_utf8(value).map_err(|_| "a header's value is not UTF-8")?;
            headers.push((name.to_owned(), value.to_owned()));
        }
        bytes = rest;
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::Message;

    fn message() -> Message {
        Message {
            headers: vec![
                (":message-type".into(), "event".into()),
                (":event-type".into(), "AudioEvent".into()),
            ],
            payload: vec![1, 2, 3],
        }
    }

    #[test]
    fn a_message_survives_its_encoding() {
        assert_eq!(Message::decode(&message().encode()), Ok(message()));
    }

    #[test]
    fn the_smallest_message_has_the_published_bytes() {
        let empty = Message {
            headers: vec![],
            payload: vec![],
        };
        assert_eq!(
            hex::encode(empty.encode()),
            "000000100000000005c248eb7d98c8ff"
        );
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_refused() {
        let bytes = message().encode();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                assert!(Message::decode(&flipped).is_err(), "byte {at} bit {bit}");
            }
            assert!(Message::decode(&bytes[..at]).is_err(), "cut at {at}");
        }
    }
}

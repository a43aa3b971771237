//! One speaker's way from sound to translated speech.

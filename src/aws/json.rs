//! Reading the services' JSON. They write `null` for what they do not have, so
//! that is as if it were missing; what is of the wrong type is `None`, and the
//! answer then not what the protocol says.
//!
//! By hand and not by derived readers: those are several times the size of
//! this, and a page loads them.

use serde_json::{Map, Value};

/// A JSON object.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a>(&'a Map<String, Value>);

/// Reads a text that is one object.
pub(crate) fn parse(bytes: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(bytes).ok()? {
        Value::Object(map) => Some(map),
        _ => None,
    }
}

impl<'a> Object<'a> {
    pub fn new(map: &'a Map<String, Value>) -> Self {
        Self(map)
    }

    pub fn of(value: &'a Value) -> Option<Self> {
        value.as_object().map(Self)
    }

    /// The member of that name, unless it is missing.
    pub fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A string, if it is there.
    pub fn text(self, name: &str) -> Option<Option<&'a str>> {
        self.get(name)
            .map(Value::as_str)
            .map_or(Some(None), |text| text.map(Some))
    }

    /// A string; empty if it is missing.
    pub fn text_or_empty(self, name: &str) -> Option<String> {
        Some(self.text(name)?.unwrap_or_default().to_owned())
    }

    /// A number; 0 if it is missing.
    pub fn number(self, name: &str) -> Option<f64> {
        self.get(name).map_or(Some(0.0), Value::as_f64)
    }

    /// True or false, if it is there.
    pub fn flag(self, name: &str) -> Option<Option<bool>> {
        self.get(name)
            .map(Value::as_bool)
            .map_or(Some(None), |flag| flag.map(Some))
    }

    /// A list's values, each read; nothing if it is missing.
    pub fn list<T>(self, name: &str, read: fn(Object<'a>) -> Option<T>) -> Option<Vec<T>> {
        let Some(list) = self.get(name) else {
            return Some(Vec::new());
        };
        list.as_array()?
            .iter()
            .map(|value| read(Object::of(value)?))
            .collect()
    }
}

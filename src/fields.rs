//! Reading a host's object by hand: every refusal names the field by its path
//! and says what was expected, and never repeats the value.
//!
//! Derived readers would do the same at several times the size: the code for
//! this is a good part of what a page loads.

use crate::error::Error;
use serde_json::Value;

/// A value of the host's and where it stands. What is `null` is as if it were
/// not there.
pub(crate) struct Field<'a> {
    path: String,
    value: &'a Value,
}

impl<'a> Field<'a> {
    /// The outermost object; an empty `path` is that of the options.
    pub fn new(path: &str, value: &'a Value) -> Self {
        Self {
            path: path.to_owned(),
            value,
        }
    }

    /// Reads a text that is one JSON value.
    pub fn parse(path: &str, json: &str) -> Result<Value, Error> {
        // As bytes, like the services' answers: one reader less to load.
        serde_json::from_slice(json.as_bytes()).map_err(|_| {
            Error::option(
                if path.is_empty() { "options" } else { path },
                "one JSON object",
            )
        })
    }

    /// Whether it stands for a value that is not there.
    pub fn is_null(&self) -> bool {
        self.value.is_null()
    }

    /// The error for a value that is not what it should be.
    pub fn wrong(&self, expected: &str) -> Error {
        let path = match self.path.as_str() {
            "" => "options",
            path => path,
        };
        Error::option(path, expected)
    }

    /// The error for a field that is none of `known`.
    pub fn unknown(&self, known: &str) -> Error {
        self.wrong(&format!("one of the options {known}"))
    }

    /// The error for a field of this object that has to be there.
    pub fn missing(&self, name: &str) -> Error {
        self.child(name, self.value)
            .wrong("a value: it is required")
    }

    /// The fields of an object, each by its name.
    pub fn fields(&self) -> Result<Vec<(&'a str, Field<'a>)>, Error> {
        let Value::Object(map) = self.value else {
            return Err(self.wrong("an object"));
        };
        Ok(map
            .iter()
            .map(|(name, value)| (name.as_str(), self.child(name, value)))
            .collect())
    }

    /// A list's values; nothing if there is no list.
    pub fn list(&self) -> Result<Vec<Field<'a>>, Error> {
        let list = match self.value {
            Value::Null => return Ok(Vec::new()),
            Value::Array(list) => list,
            _ => return Err(self.wrong("a list")),
        };
        let place = |(index, value)| Field {
            path: format!("{}[{index}]", self.path),
            value,
        };
        Ok(list.iter().enumerate().map(place).collect())
    }

    /// A string, if it is there.
    pub fn text(&self) -> Result<Option<String>, Error> {
        match self.value {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text.clone())),
            _ => Err(self.wrong("a string")),
        }
    }

    /// A string.
    pub fn some_text(&self) -> Result<String, Error> {
        self.text()?.ok_or_else(|| self.wrong("a string"))
    }

    /// A number, if it is there.
    pub fn number(&self) -> Result<Option<f64>, Error> {
        match self.value {
            Value::Null => Ok(None),
            Value::Number(number) => Ok(number.as_f64()),
            _ => Err(self.wrong("a number")),
        }
    }

    /// True or false, if it is there.
    pub fn flag(&self) -> Result<Option<bool>, Error> {
        match self.value {
            Value::Null => Ok(None),
            Value::Bool(flag) => Ok(Some(*flag)),
            _ => Err(self.wrong("a boolean")),
        }
    }

    fn child(&self, name: &str, value: &'a Value) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        Self {
            path: format!("{}{dot}{name}", self.path),
            value,
        }
    }
}

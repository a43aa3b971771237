//! A map of a few entries.

/// A map of a few entries, searched from the first to the last. What a session
/// keeps by a number (its sockets, its requests) is a handful at a time; the
/// standard maps would be a kilobyte or four of code for each kind of entry.
#[derive(Debug)]
pub(crate) struct Few<K, V>(Vec<(K, V)>);

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

#[cfg_attr(
    not(target_family = "wasm"),
    allow(dead_code, reason = "most of it is for the browser half")
)]
impl<K: Copy + PartialEq, V> Few<K, V> {
    fn place(&self, key: K) -> Option<usize> {
        self.0.iter().position(|(k, _)| *k == key)
    }

    /// The entry of that key.
    pub fn get(&self, key: K) -> Option<&V> {
        self.place(key).map(|index| &self.0[index].1)
    }

    /// The entry of that key, made if there is none.
    pub fn get_or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        let index = self.place(key).unwrap_or_else(|| {
            self.0.push((key, V::default()));
            self.0.len() - 1
        });
        &mut self.0[index].1
    }

    /// Adds an entry, or gives one of the same key another value.
    pub fn insert(&mut self, key: K, value: V) {
        drop(self.remove(key));
        self.0.push((key, value));
    }

    /// Takes an entry out.
    pub fn remove(&mut self, key: K) -> Option<V> {
        let index = self.place(key)?;
        Some(self.0.remove(index).1)
    }

    /// Takes all entries out.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The values, in the order in which they came.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_found_replaced_and_taken_out() {
        let mut few = Few::default();
        few.insert(2, "b");
        few.insert(1, "a");
        few.insert(2, "c");
        assert_eq!(
            (few.get(1), few.get(2), few.get(3)),
            (Some(&"a"), Some(&"c"), None)
        );
        assert_eq!(few.values().collect::<Vec<_>>(), [&"a", &"c"]);
        assert_eq!((few.remove(1), few.remove(1)), (Some("a"), None));
        assert_eq!(*few.get_or_default(5), "");
        few.clear();
        assert_eq!(few.values().count(), 0);
    }
}

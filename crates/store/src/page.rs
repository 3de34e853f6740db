//! Keyset paging: a page ends with a cursor that holds the last row's place, so that rows that come and go
//! in between neither repeat nor hide others.

use uuid::Uuid;

use crate::Error;

/// A row's place in a list: its sort key, and its id where keys are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// What the list is sorted by, as a number.
    pub key: i64,
    /// The row's id.
    pub id: Uuid,
}

impl Cursor {
    /// As it is given to clients, who must not look into it.
    pub fn encode(self) -> String {
        format!("{:016x}{}", self.key, self.id.simple())
    }

    /// Reads what [`encode`](Self::encode) wrote. Errors on anything else.
    pub fn decode(text: &str) -> Result<Self, Error> {
        if text.len() != 48 || !text.is_ascii() {
            return Err(Error::Cursor);
        }
        let (key, id) = text.split_at(16);
        let key = u64::from_str_radix(key, 16).map_err(|_| Error::Cursor)?;
        let id = Uuid::try_parse(id).map_err(|_| Error::Cursor)?;
        Ok(Self { key: key.cast_signed(), id })
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// A page from up to `limit + 1` rows: the one too many says that there is a next page.
    pub fn of(mut items: Vec<T>, limit: i64, place: impl Fn(&T) -> Cursor) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(place) } else { None };
        Self { items, next }
    }

    /// The same page of something else.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Page};
    use uuid::Uuid;

    #[test]
    fn a_cursor_reads_back_and_others_are_refused() {
        for key in [0, 1, i64::MAX, i64::MIN, -5] {
            let cursor = Cursor { key, id: Uuid::from_u128(7) };
            assert_eq!(Cursor::decode(&cursor.encode()).unwrap(), cursor);
        }
        for bad in ["", "zz", &"x".repeat(48), &"é".repeat(24)] {
            assert!(Cursor::decode(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_last_page_has_no_next() {
        let place = |n: &i64| Cursor { key: *n, id: Uuid::nil() };
        assert_eq!(Page::of(vec![1, 2], 2, place).next, None);
        assert_eq!(Page::of(vec![1, 2, 3], 2, place).next.unwrap().key, 2);
    }
}

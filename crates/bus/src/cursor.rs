//! How far somebody has seen the log: the next position of every partition, and its text for clients.

use std::fmt::Write;

use domain::Topic;

/// The first character of every cursor: the order of partitions that it counts in.
const VERSION: char = 'a';

/// A place in the log: for each partition of [`Topic::all_partitions`], in that order, the next position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place(Vec<i64>);

fn index(topic: Topic, partition: u32) -> Option<usize> {
    Topic::all_partitions().position(|place| place == (topic, partition))
}

impl Place {
    /// Where the log ends, by what the database says; partitions that it does not name are empty.
    pub(crate) fn at(ends: &[((Topic, u32), i64)]) -> Self {
        let end = |place| ends.iter().find(|(found, _)| *found == place).map_or(0, |(_, end)| *end);
        Self(Topic::all_partitions().map(end).collect())
    }

    /// The next position of a partition.
    pub(crate) fn get(&self, topic: Topic, partition: u32) -> i64 {
        index(topic, partition).and_then(|index| self.0.get(index)).copied().unwrap_or(0)
    }

    /// Says that everything before `position` was seen in that partition.
    pub(crate) fn set(&mut self, topic: Topic, partition: u32, position: i64) {
        if let Some(place) = index(topic, partition).and_then(|index| self.0.get_mut(index)) {
            *place = position;
        }
    }

    /// The partitions in which this place is before `other`, with the positions of both.
    pub(crate) fn behind<'a>(
        &'a self,
        other: &'a Self,
    ) -> impl Iterator<Item = ((Topic, u32), i64, i64)> + 'a {
        Topic::all_partitions()
            .zip(self.0.iter().zip(&other.0))
            .filter(|(_, (here, there))| here < there)
            .map(|(partition, (here, there))| (partition, *here, *there))
    }

    /// As clients get it, who must not look into it.
    pub(crate) fn encode(&self) -> String {
        let mut text = String::from(VERSION);
        for (index, position) in self.0.iter().enumerate() {
            let joint = if index == 0 { "" } else { "." };
            // Writing to a string does not fail.
            let _ = write!(text, "{joint}{position:x}");
        }
        text
    }

    /// Reads what [`encode`](Self::encode) wrote; nothing else.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let positions = text.strip_prefix(VERSION)?;
        let read = |part: &str| {
            let plain = part.len() <= 15 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
            plain.then(|| i64::from_str_radix(part, 16).ok()).flatten()
        };
        let positions: Option<Vec<i64>> = positions.split('.').map(read).collect();
        positions.filter(|positions| positions.len() == Topic::all_partitions().count()).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use domain::Topic;

    use super::Place;

    #[test]
    fn a_place_reads_back_and_anything_else_is_refused() {
        let mut place = Place::at(&[((Topic::Audit, 2), 4711)]);
        place.set(Topic::ConversationsIncoming, 11, 3);
        assert_eq!(Place::decode(&place.encode()).unwrap(), place);
        let fine = place.encode();
        for bad in
            ["", "a", "b1.2", "a1.2.3", &fine[1..], &format!("{fine}.0"), &fine.replace('0', "-1"), "é"]
        {
            assert_eq!(Place::decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_place_knows_where_it_is_behind_another() {
        let earlier = Place::at(&[((Topic::Audit, 2), 4), ((Topic::Audit, 1), 9)]);
        let later = Place::at(&[((Topic::Audit, 2), 6), ((Topic::Audit, 1), 8)]);
        let behind: Vec<_> = earlier.behind(&later).collect();
        assert_eq!(behind, [((Topic::Audit, 2), 4, 6)]);
    }
}

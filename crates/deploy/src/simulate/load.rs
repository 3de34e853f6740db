//! Loads: how many events arrive when.
//!
//! It must not know who handles them.

use super::error::{Error, require};
use super::time::whole_seconds;

/// As many events are simulated one by one.
const MOST_EVENTS: u64 = 10_000_000;
/// The highest rate, in events a second; a burst is a rate for one second.
const MOST_RATE: f64 = 1e9;
const RATE: &str = "a number from 0 to a thousand million events a second";
const DAY_SECS: f64 = 86_400.0;
/// The hour of the day at which [`Load::Daily`] has least to do.
const LOW_HOUR: f64 = 2.0;

/// A rate that holds from a time on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// From when, in seconds.
    pub at_secs: u32,
    /// Events a second.
    pub rate: f64,
}

/// How many events arrive when. Rates are events a second.
#[derive(Debug, Clone, PartialEq)]
pub enum Load {
    /// The same all the time.
    Constant {
        /// The rate.
        rate: f64,
    },
    /// One rate, and from a time on another.
    Step {
        /// The rate before.
        from: f64,
        /// The rate after.
        to: f64,
        /// When it changes, in seconds.
        at_secs: u32,
    },
    /// A rate, and once many events within a second.
    Spike {
        /// The rate.
        rate: f64,
        /// How many events there are at once.
        events: f64,
        /// When, in seconds.
        at_secs: u32,
    },
    /// A day after the other, least at two in the night and most at two in the afternoon, as a cosine.
    Daily {
        /// The lowest rate.
        low: f64,
        /// The highest rate.
        high: f64,
    },
    /// Each rate until the next.
    Table(Vec<Point>),
}

impl Load {
    /// A load as it is typed: `constant:RATE`, `step:FROM:TO@TIME`, `spike[:RATE:EVENTS@TIME]` (by itself 1 a second,
    /// and 1,000 at once after 10 minutes) or `daily[:LOW:HIGH]` (by itself 1 to 10).
    ///
    /// ```
    /// use deploy::simulate::Load;
    ///
    /// let load = Load::parse("step:2:20@10m")?;
    /// assert_eq!(load, Load::Step { from: 2.0, to: 20.0, at_secs: 600 });
    /// # Ok::<(), deploy::simulate::Error>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, Error> {
        let load =
            Self::read(text).ok_or_else(|| Error::UnknownLoad { found: text.chars().take(80).collect() })?;
        load.check()?;
        Ok(load)
    }

    fn read(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':').map_or((text, None), |(kind, rest)| (kind, Some(rest)));
        let two = |rest: &str| {
            let (one, other) = rest.split_once(':')?;
            Some((one.parse::<f64>().ok()?, other.parse::<f64>().ok()?))
        };
        let two_at = |rest: &str| {
            let (numbers, at) = rest.split_once('@')?;
            two(numbers).zip(whole_seconds(at).ok())
        };
        match (kind, rest) {
            ("constant", Some(rest)) => Some(Self::Constant { rate: rest.parse().ok()? }),
            ("step", Some(rest)) => {
                two_at(rest).map(|((from, to), at_secs)| Self::Step { from, to, at_secs })
            }
            ("spike", None) => Some(Self::Spike { rate: 1.0, events: 1_000.0, at_secs: 600 }),
            ("spike", Some(rest)) => {
                two_at(rest).map(|((rate, events), at_secs)| Self::Spike { rate, events, at_secs })
            }
            ("daily", None) => Some(Self::Daily { low: 1.0, high: 10.0 }),
            ("daily", Some(rest)) => two(rest).map(|(low, high)| Self::Daily { low, high }),
            _ => None,
        }
    }

    /// A load from lines of a time in seconds and a rate, `0,2.5`, each later than the one before. A first line that
    /// names the columns is passed over; before the first time nothing arrives.
    pub fn from_csv(text: &str) -> Result<Self, Error> {
        let mut points: Vec<Point> = Vec::new();
        let mut is_first = true;
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            let wrong = |wanted| {
                let found = line.chars().take(80).collect();
                Err(Error::Csv { line: index + 1, found, wanted })
            };
            let columns = line.split_once(',').map(|(at, rate)| (at.trim(), rate.trim()));
            let is_header = is_first && columns.is_some_and(|(at, _)| at.eq_ignore_ascii_case("time"));
            is_first = false;
            if is_header {
                continue;
            }
            let Some((at, rate)) = columns else { return wrong("a time and a rate, such as 0,2.5") };
            let Ok(at_secs) = at.parse::<u32>() else { return wrong("a time in whole seconds first") };
            let rate = match rate.parse::<f64>() {
                Ok(rate) if (0.0..=MOST_RATE).contains(&rate) => rate,
                _ => return wrong(RATE),
            };
            if points.last().is_some_and(|last| last.at_secs >= at_secs) {
                return wrong("later than the line before: sort the lines by time, one a time");
            }
            points.push(Point { at_secs, rate });
        }
        if points.is_empty() { Err(Error::NoEvents) } else { Ok(Self::Table(points)) }
    }

    /// Checks every number of it.
    fn check(&self) -> Result<(), Error> {
        let rate = |name, rate: f64| require((0.0..=MOST_RATE).contains(&rate), name, rate, RATE);
        match self {
            Self::Constant { rate: one } => rate("the load's rate", *one),
            Self::Step { from, to, .. } => {
                rate("the load's rate before the step", *from)?;
                rate("the load's rate after the step", *to)
            }
            Self::Spike { rate: one, events, .. } => {
                rate("the load's rate", *one)?;
                rate("the spike", *events)
            }
            Self::Daily { low, high } => {
                rate("the load's lowest rate", *low)?;
                rate("the load's highest rate", *high)?;
                require(low <= high, "the load's lowest rate", low, "not above the highest")
            }
            Self::Table(points) => {
                points.iter().try_for_each(|point| rate("a rate of the load", point.rate))?;
                let is_sorted = points.is_sorted_by(|one, next| one.at_secs < next.at_secs);
                require(is_sorted, "the load's table", "out of order", "sorted by time, one a time")
            }
        }
    }

    /// The rate of each second of the first `secs`.
    ///
    /// Errors where a number makes no sense, where nothing arrives, and where too much does.
    pub(super) fn rates(&self, secs: u32) -> Result<Vec<f64>, Error> {
        self.check()?;
        let rates: Vec<f64> = match self {
            Self::Constant { rate } => vec![*rate; secs as usize],
            Self::Step { from, to, at_secs } => {
                (0..secs).map(|at| if at < *at_secs { *from } else { *to }).collect()
            }
            Self::Spike { rate, events, at_secs } => {
                (0..secs).map(|at| if at == *at_secs { rate + events } else { *rate }).collect()
            }
            Self::Daily { low, high } => (0..secs)
                .map(|at| {
                    let turn = std::f64::consts::TAU * (f64::from(at) / DAY_SECS - LOW_HOUR / 24.0);
                    low + (high - low) * (1.0 - turn.cos()) / 2.0
                })
                .collect(),
            Self::Table(points) => {
                let mut points = points.iter().peekable();
                let mut rate = 0.0;
                (0..secs)
                    .map(|at| {
                        while let Some(point) = points.next_if(|point| point.at_secs <= at) {
                            rate = point.rate;
                        }
                        rate
                    })
                    .collect()
            }
        };
        let events: f64 = rates.iter().sum();
        if events <= 0.0 {
            return Err(Error::NoEvents);
        }
        if events > MOST_EVENTS as f64 {
            return Err(Error::TooManyEvents { events, most: MOST_EVENTS });
        }
        Ok(rates)
    }
}

/// Pseudo-random numbers (SplitMix64): the same for the same seed, everywhere.
#[derive(Debug, Clone)]
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The events of a load, one after the other, each with its partition.
#[derive(Debug, Clone)]
pub(super) struct Arrivals {
    rates: Vec<f64>,
    partitions: usize,
    chance: Option<Chance>,
    /// How much of the load has to pass until the next event.
    until_next: f64,
    dealt: usize,
}

impl Arrivals {
    /// Evenly spaced and dealt to the partitions in turn, or with a seed at random moments (a Poisson process) to
    /// random partitions.
    pub(super) fn new(rates: Vec<f64>, partitions: usize, seed: Option<u64>) -> Self {
        let mut arrivals = Self { rates, partitions, chance: seed.map(Chance), until_next: 0.5, dealt: 0 };
        if arrivals.chance.is_some() {
            arrivals.until_next = arrivals.gap();
        }
        arrivals
    }

    fn gap(&mut self) -> f64 {
        self.chance.as_mut().map_or(1.0, |chance| -(1.0 - chance.unit()).ln())
    }

    fn partition(&mut self) -> usize {
        self.dealt += 1;
        match &mut self.chance {
            // A remainder of 64 bits favours no partition by more than a hair.
            Some(chance) => (chance.next() % self.partitions as u64) as usize,
            None => (self.dealt - 1) % self.partitions,
        }
    }

    /// Tells the moment, in seconds, and the partition of each event in the second that begins with `second`.
    pub(super) fn of_second(&mut self, second: u32, mut tell: impl FnMut(f64, usize)) {
        let Some(rate) = self.rates.get(second as usize).copied() else { return };
        let mut passed = 0.0;
        while passed + self.until_next < rate {
            passed += self.until_next;
            let partition = self.partition();
            tell(f64::from(second) + passed / rate, partition);
            self.until_next = self.gap();
        }
        self.until_next -= rate - passed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(load: &Load, secs: u32, seed: Option<u64>) -> Vec<f64> {
        let mut arrivals = Arrivals::new(load.rates(secs).unwrap(), 3, seed);
        let mut moments = Vec::new();
        for second in 0..secs {
            arrivals.of_second(second, |at, partition| {
                assert!(partition < 3);
                moments.push(at);
            });
        }
        assert!(moments.is_sorted());
        moments
    }

    #[test]
    fn events_are_evenly_spaced_and_a_rate_below_one_takes_its_time() {
        assert_eq!(moments(&Load::Constant { rate: 2.0 }, 2, None), [0.25, 0.75, 1.25, 1.75]);
        assert_eq!(moments(&Load::Constant { rate: 0.25 }, 12, None), [2.0, 6.0, 10.0]);
    }

    #[test]
    fn random_events_come_at_the_same_moments_for_a_seed_and_as_many_as_the_rate_says() {
        let load = Load::Constant { rate: 5.0 };
        let (one, same, other) =
            (moments(&load, 2_000, Some(7)), moments(&load, 2_000, Some(7)), moments(&load, 2_000, Some(8)));
        assert_eq!(one, same);
        assert_ne!(one, other);
        // Ten thousand on average, with a deviation of a hundred.
        assert!((9_500..10_500).contains(&one.len()), "{}", one.len());
    }

    #[test]
    fn loads_are_read_as_they_are_typed() {
        for (text, load) in [
            ("constant:2.5", Load::Constant { rate: 2.5 }),
            ("step:1:20@600", Load::Step { from: 1.0, to: 20.0, at_secs: 600 }),
            ("step:1:20@2h", Load::Step { from: 1.0, to: 20.0, at_secs: 7_200 }),
            ("spike:0:1000@90s", Load::Spike { rate: 0.0, events: 1_000.0, at_secs: 90 }),
            ("spike", Load::Spike { rate: 1.0, events: 1_000.0, at_secs: 600 }),
            ("daily:0.5:30", Load::Daily { low: 0.5, high: 30.0 }),
            ("daily", Load::Daily { low: 1.0, high: 10.0 }),
        ] {
            assert_eq!(Load::parse(text), Ok(load), "{text}");
        }
        for text in
            ["", "constant", "constant:x", "step:1:2", "step:1@2", "spike:1@1", "daily:1", "@", "step:1:2@é"]
        {
            assert!(matches!(Load::parse(text), Err(Error::UnknownLoad { .. })), "{text}");
        }
        for text in ["constant:NaN", "constant:-1", "constant:inf", "daily:5:1", "step:1:1e10@1"] {
            assert!(matches!(Load::parse(text), Err(Error::Setting { .. })), "{text}");
        }
    }

    #[test]
    fn a_table_holds_each_rate_until_the_next_and_names_the_line_that_is_wrong() {
        let load = Load::from_csv("time,rate\n2,1.5\n\n 4 , 0 \n").unwrap();
        assert_eq!(load.rates(6), Ok(vec![0.0, 0.0, 1.5, 1.5, 0.0, 0.0]));
        for (text, line) in [
            ("0,1\n5,2\n5,3", 3),
            ("0,1\n5,2\n4,3", 3),
            ("0,1\nx,2", 2),
            ("0,1\n2,NaN", 2),
            ("0,1\n2,-1", 2),
            ("0,1\n2", 2),
            ("-1,1", 1),
            ("0,1\ntime,rate", 2),
        ] {
            let error = Load::from_csv(text).unwrap_err();
            assert!(matches!(error, Error::Csv { line: found, .. } if found == line), "{text:?}: {error}");
        }
        for text in ["", "\n\n", "time,rate\n"] {
            assert_eq!(Load::from_csv(text), Err(Error::NoEvents), "{text:?}");
        }
    }

    #[test]
    fn a_load_of_nothing_or_of_a_thousand_million_events_is_refused() {
        assert_eq!(Load::Constant { rate: 0.0 }.rates(60), Err(Error::NoEvents));
        assert_eq!(Load::Constant { rate: 1.0 }.rates(0), Err(Error::NoEvents));
        let error = Load::Spike { rate: 0.0, events: 1e9, at_secs: 0 }.rates(60).unwrap_err();
        assert_eq!(error, Error::TooManyEvents { events: 1e9, most: MOST_EVENTS });
        let table = Load::Table(vec![Point { at_secs: 5, rate: 1.0 }, Point { at_secs: 5, rate: 2.0 }]);
        assert!(matches!(table.rates(60), Err(Error::Setting { .. })));
    }

    #[test]
    fn a_day_is_quiet_at_two_in_the_night_and_busy_at_two_in_the_afternoon() {
        let rates = Load::Daily { low: 1.0, high: 9.0 }.rates(86_400).unwrap();
        assert!((rates[2 * 3_600] - 1.0).abs() < 1e-9 && (rates[14 * 3_600] - 9.0).abs() < 1e-9);
        assert!((rates.iter().sum::<f64>() / 86_400.0 - 5.0).abs() < 1e-6);
    }
}

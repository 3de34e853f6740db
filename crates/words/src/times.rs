//! Times of day: *at 6*, *8:15*, *half past 6*, *10-11am*, *in the morning*, *15:00 UTC*.
//!
//! Recognisers only: which day a time belongs to is decided elsewhere.

use jiff::civil::Time;
use jiff::tz::TimeZone;

use crate::command::Clarify;
use crate::numbers::unit;
use crate::scan::Scan;
use crate::tokens::View;

/// A named part of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Morning,
    Noon,
    Afternoon,
    EndOfDay,
    Evening,
    Night,
    Midnight,
}

impl Part {
    /// The part that a word names.
    pub(crate) fn named(word: &str) -> Option<Self> {
        Some(match word {
            "morning" => Self::Morning,
            "noon" | "midday" => Self::Noon,
            "afternoon" => Self::Afternoon,
            "eod" => Self::EndOfDay,
            "evening" => Self::Evening,
            "night" => Self::Night,
            "midnight" => Self::Midnight,
            _ => return None,
        })
    }

    /// Days after the day that is named with it, and the time of day.
    pub(crate) fn time(self) -> (i64, Time) {
        let (days, hour) = match self {
            Self::Morning => (0, 9),
            Self::Noon => (0, 12),
            Self::Afternoon => (0, 15),
            Self::EndOfDay => (0, 17),
            Self::Evening => (0, 18),
            Self::Night => (0, 20),
            Self::Midnight => (1, 0),
        };
        (days, Time::midnight().with().hour(hour).build().unwrap_or_default())
    }
}

/// What a time of day says.
#[derive(Debug, Clone)]
pub(crate) enum Face {
    /// A part of the day by its name.
    Named(Part),
    /// Hour and minute on a dial of twelve, as they were written, and the part of the day if it is said.
    Dial { hour: i8, minute: i8, part: Option<Part> },
    /// Hour and minute of the day.
    Exact { hour: i8, minute: i8 },
}

/// A time of day, and the zone that it is read in if one is named.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    pub(crate) face: Result<Face, Clarify>,
    pub(crate) zone: Option<Result<TimeZone, Clarify>>,
}

impl Clock {
    fn of(face: Face) -> Self {
        Self { face: Ok(face), zone: None }
    }

    /// Days after its date, and the time, when the date itself names a part of the day (or none).
    pub(crate) fn time(&self, beside: Option<Part>) -> Result<(i64, Time), Clarify> {
        let (hour, minute) = match self.face.as_ref().map_err(|reason| *reason)? {
            Face::Named(part) => return Ok(part.time()),
            Face::Exact { hour, minute } => (*hour, *minute),
            Face::Dial { hour, minute, part } => {
                let hour = *hour % 12;
                let hour = match part.or(beside) {
                    // Twelve at night is the end of that day.
                    Some(Part::Night) if hour == 0 => {
                        return Ok((1, clock_time(0, *minute)?));
                    }
                    Some(Part::Morning | Part::Midnight) => hour,
                    Some(Part::Afternoon | Part::Evening | Part::Night | Part::EndOfDay) => hour + 12,
                    Some(Part::Noon) | None if hour < 7 => hour + 12,
                    Some(Part::Noon) | None => hour,
                };
                (hour, *minute)
            }
        };
        Ok((0, clock_time(hour, minute)?))
    }
}

fn clock_time(hour: i8, minute: i8) -> Result<Time, Clarify> {
    Time::new(hour, minute, 0, 0).map_err(|_| Clarify::InvalidTime)
}

/// Hour, minute and half of the day, as one word writes them.
#[derive(Debug, Clone, Copy)]
struct Written {
    hour: i8,
    minute: Option<i8>,
    /// `Some(true)` for pm.
    half: Option<bool>,
    /// A leading zero says that all 24 hours are meant.
    zero: bool,
}

/// Whether a word is am or pm.
fn half(word: &str) -> Option<bool> {
    match word {
        "am" | "a.m" => Some(false),
        "pm" | "p.m" => Some(true),
        _ => None,
    }
}

/// 9, 09, 9:30, 9.30pm, 9pm; with `dotted`, a dot may stand for the colon because am or pm follows.
fn written(word: &str, dotted: bool) -> Option<Written> {
    let end =
        word.bytes().position(|b| !(b.is_ascii_digit() || b == b':' || b == b'.')).unwrap_or(word.len());
    let (digits, rest) = word.split_at(end);
    let half = if rest.is_empty() { None } else { Some(half(rest)?) };
    let (hour, minute) = match digits.split_once(':') {
        Some((hour, minute)) => (hour, Some(minute)),
        None => match digits.split_once('.') {
            Some((hour, minute)) if half.is_some() || dotted => (hour, Some(minute)),
            Some(_) => return None,
            None => (digits, None),
        },
    };
    let number =
        |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<i8>().ok()).flatten();
    if !(1..=2).contains(&hour.len()) || minute.is_some_and(|minute| minute.len() != 2) {
        return None;
    }
    Some(Written {
        hour: number(hour)?,
        minute: minute.map(number).map_or(Some(None), |m| m.map(Some))?,
        half,
        zero: hour.len() == 2 && hour.starts_with('0'),
    })
}

impl Written {
    fn face(self) -> Result<Face, Clarify> {
        let minute = self.minute.unwrap_or(0);
        if minute > 59 || self.hour > 23 {
            return Err(Clarify::InvalidTime);
        }
        match self.half {
            Some(_) if !(1..=12).contains(&self.hour) => Err(Clarify::InvalidTime),
            Some(pm) => Ok(Face::Exact { hour: self.hour % 12 + if pm { 12 } else { 0 }, minute }),
            None if self.zero || self.hour == 0 || self.hour > 12 => {
                Ok(Face::Exact { hour: self.hour, minute })
            }
            None => Ok(Face::Dial { hour: self.hour, minute, part: None }),
        }
    }

    /// Whether it can only be a time, whatever stands around it.
    fn explicit(self) -> bool {
        self.minute.is_some() || self.half.is_some()
    }
}

/// A written time with an am or pm that stands apart.
fn spelled(view: View<'_>, i: usize, word: &str) -> Option<(Written, usize)> {
    let apart = half(view.word(i + 1));
    let mut time = written(word, apart.is_some())?;
    let mut end = i + 1;
    if time.half.is_none() && apart.is_some() {
        time.half = apart;
        end += 1;
    }
    if view.word(end - 1).ends_with("a.m") || view.word(end - 1).ends_with("p.m") {
        end += usize::from(view.glued(end, '.'));
    }
    Some((time, end))
}

/// The start of a range takes the half of the day that its end names, unless that would put it later.
fn start_of_range(mut start: Written, end: Written) -> Written {
    if let Some(half) = end.half
        && start.half.is_none()
        && (1..=12).contains(&start.hour)
        && !start.zero
    {
        let later = (start.hour % 12, start.minute) > (end.hour % 12, end.minute);
        start.half = Some(if later { !half } else { half });
    }
    start
}

/// *10-11am* in one word.
fn range_in_word(view: View<'_>, i: usize, word: &str) -> Option<(Written, bool, usize)> {
    let (first, second) = word.split_once(['-', '–'])?;
    let first = written(first, true)?;
    let (second, end) = spelled(view, i, second)?;
    Some((start_of_range(first, second), first.explicit() || second.explicit(), end))
}

/// *2 to 3:30pm* in several words; `between` wants *and*.
fn range_in_words(view: View<'_>, i: usize, between: bool) -> Option<(Written, bool, usize)> {
    let (first, at) = spelled(view, i, view.word(i))?;
    let joined = if between {
        view.word(at) == "and"
    } else {
        matches!(view.word(at), "to" | "until" | "till") || matches!(view.mark(at), Some('-' | '–'))
    };
    if !joined {
        return None;
    }
    let (second, end) = spelled(view, at + 1, view.word(at + 1))?;
    Some((start_of_range(first, second), first.explicit() || second.explicit(), end))
}

/// A time of day at `i`, lead-in included.
pub(crate) fn clock(scan: &Scan<'_>, i: usize) -> Option<(Clock, usize)> {
    let view = scan.view;
    let mut at = i;
    // Which lead-in stands right before the time; a bare hour needs one of four.
    let mut lead = "";
    while at < i + 3 && LEADS.contains(&view.word(at)) {
        lead = view.word(at);
        at += 1;
        if lead == "due" && view.glued(at, ':') {
            at += 1;
        }
    }
    let mut word = view.word(at);
    if let Some(bare) = word.strip_prefix('@').filter(|bare| bare.starts_with(|c: char| c.is_ascii_digit())) {
        lead = "@";
        word = bare;
    }
    let bare_hour = matches!(lead, "at" | "by" | "before" | "@");
    let (mut clock, mut end) = named(scan, at, lead)
        .or_else(|| digits(scan, at, word, lead, bare_hour))
        .or_else(|| past_or_to(view, at))?;
    end = part_after(view, &mut clock, end);
    if let Some((zone, after)) = zone(view, end) {
        clock.zone = Some(zone);
        end = after;
    }
    Some((clock, end))
}

/// A bare hour that opens a text, before what is to be done: *tomorrow at 9 call Bob*. A capital letter
/// after it is likelier an address.
pub(crate) fn opening(view: View<'_>, i: usize) -> Option<(Clock, usize)> {
    if !matches!(view.word(i), "at" | "by" | "before" | "@") {
        return None;
    }
    let (time, end) = spelled(view, i + 1, view.word(i + 1))?;
    let order = view.raw(end).starts_with(|c: char| c.is_lowercase()) && unit(view, end).is_none();
    let face = time.face();
    (order && face.is_ok()).then_some((Clock { face, zone: None }, end))
}

/// Words that a time takes with it.
const LEADS: [&str; 10] = ["at", "by", "before", "@", "for", "due", "from", "until", "till", "between"];

/// *in the morning*, *at noon*, *by EOD*, *noon tomorrow*.
fn named(scan: &Scan<'_>, i: usize, lead: &str) -> Option<(Clock, usize)> {
    let view = scan.view;
    if let Some(at) = view.phrase(i, "in the")
        && let Some(part) = Part::named(view.word(at))
    {
        return Some((Clock::of(Face::Named(part)), at + 1));
    }
    let led = matches!(lead, "at" | "by" | "before" | "@");
    let at = view.skip(i, &["the"]);
    if let Some(at) = view.phrase(at, "end of").map(|at| view.skip(at, &["the"]))
        && view.word(at) == "day"
        && (led || scan.dated(at + 1))
    {
        return Some((Clock::of(Face::Named(Part::EndOfDay)), at + 1));
    }
    let part = Part::named(view.word(i))?;
    let whole = matches!(part, Part::Noon | Part::Midnight | Part::EndOfDay);
    (led || (whole && (scan.dated(i + 1) || zone(view, i + 1).is_some())))
        .then(|| (Clock::of(Face::Named(part)), i + 1))
}

/// Times in digits, and ranges of them.
fn digits(scan: &Scan<'_>, i: usize, word: &str, lead: &str, bare_hour: bool) -> Option<(Clock, usize)> {
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let view = scan.view;
    let ranged = range_in_word(view, i, word).or_else(|| range_in_words(view, i, lead == "between"));
    if let Some((start, explicit, end)) = ranged {
        let led = bare_hour || matches!(lead, "from" | "between");
        if explicit || (led && scan.closes(end)) {
            return Some((Clock { face: start.face(), zone: None }, end));
        }
    }
    if lead == "between" {
        return None;
    }
    let (time, mut end) = spelled(view, i, word)?;
    if view.phrase(end, "o'clock").is_some() {
        end += 1;
    } else if !time.explicit() && !(bare_hour && (scan.closes(end) || view.word(end) == "sharp")) {
        return None;
    }
    end = view.skip(end, &["sharp"]);
    let face = time.face();
    // 60:40 is a ratio, 25:30 somebody's slip.
    if face.is_err() && !bare_hour && time.half.is_none() && time.hour > 29 {
        return None;
    }
    if face.is_err() && !time.explicit() {
        return None;
    }
    Some((Clock { face, zone: None }, end))
}

/// *half past 6*, *quarter to 11*.
fn past_or_to(view: View<'_>, i: usize) -> Option<(Clock, usize)> {
    let i = view.skip(i, &["a"]);
    let minutes = match (view.word(i), view.word(i + 1)) {
        ("half", "past") => 30,
        ("quarter", "past") => 15,
        ("quarter", "to") => -15,
        _ => return None,
    };
    let (mut time, end) = spelled(view, i + 2, view.word(i + 2))?;
    if time.minute.is_some() || !(1..=12).contains(&time.hour) {
        return None;
    }
    if minutes < 0 {
        // Quarter to one belongs to the hour of twelve, in the other half of the day for twelve itself.
        if time.hour == 12 {
            time.half = time.half.map(|pm| !pm);
        }
        time.hour = if time.hour == 1 { 12 } else { time.hour - 1 };
        time.minute = Some(45);
    } else {
        time.minute = Some(minutes);
    }
    Some((Clock { face: time.face(), zone: None }, end))
}

/// *at 7 in the evening*: the part of the day that follows says which half is meant.
fn part_after(view: View<'_>, clock: &mut Clock, end: usize) -> usize {
    let Ok(Face::Dial { part, .. }) = &mut clock.face else { return end };
    let at = match view.phrase(end, "in the") {
        Some(at) => at,
        None if view.word(end) == "at" && view.word(end + 1) == "night" => end + 1,
        None => return end,
    };
    match Part::named(view.word(at)) {
        Some(named @ (Part::Morning | Part::Afternoon | Part::Evening | Part::Night)) => {
            *part = Some(named);
            at + 1
        }
        _ => end,
    }
}

/// Whether a zone stands at `i`.
pub(crate) fn zoned(view: View<'_>, i: usize) -> bool {
    zone(view, i).is_some()
}

/// A zone after a time: UTC, GMT, or a name of the IANA database.
fn zone(view: View<'_>, i: usize) -> Option<(Result<TimeZone, Clarify>, usize)> {
    // Abbreviations that are names in the database; others (PST, BST) mean several zones.
    const SHORT: [&str; 7] = ["CET", "EET", "WET", "MET", "EST", "MST", "HST"];
    let raw = view.raw(i);
    if matches!(view.word(i), "utc" | "gmt") {
        return Some((Ok(TimeZone::UTC), i + 1));
    }
    if SHORT.contains(&raw) {
        return TimeZone::get(raw).ok().map(|zone| (Ok(zone), i + 1));
    }
    if !raw.contains('/') {
        return None;
    }
    if let Ok(zone) = TimeZone::get(raw) {
        return Some((Ok(zone), i + 1));
    }
    let named = raw.split('/').all(|part| {
        part.starts_with(|c: char| c.is_ascii_uppercase())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+'))
    });
    named.then_some((Err(Clarify::UnknownZone), i + 1))
}

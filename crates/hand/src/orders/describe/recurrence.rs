//! Recurrence rules in words. Every part of a rule has its words, so that none is described as another.

use domain::recurrence::{CountsFrom, Frequency, Recurrence};
use jiff::civil::{DateTime, Time};

use super::{clock, list, month};

const DAYS: [(&str, &str); 7] = [
    ("MO", "Monday"),
    ("TU", "Tuesday"),
    ("WE", "Wednesday"),
    ("TH", "Thursday"),
    ("FR", "Friday"),
    ("SA", "Saturday"),
    ("SU", "Sunday"),
];
const WORKDAYS: [usize; 5] = [0, 1, 2, 3, 4];

/// How something recurs: `every Monday`, `on the last day of every month`, `every 3 days after completion`.
///
/// ```
/// use domain::recurrence::{CountsFrom, Recurrence};
/// use hand::orders::describe::describe_recurrence;
///
/// let rule = Recurrence::new("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", CountsFrom::Schedule)?;
/// assert_eq!(describe_recurrence(&rule), "every 2 weeks on Thursday");
/// # Ok::<(), domain::recurrence::Error>(())
/// ```
#[must_use]
pub fn describe_recurrence(recurrence: &Recurrence) -> String {
    describe_series(recurrence, None)
}

/// How something that is due at `time` recurs: `every Monday at 09:00`.
#[must_use]
pub fn describe_series(recurrence: &Recurrence, time: Option<Time>) -> String {
    let rule = Parts::of(recurrence);
    let mut text = rule.pattern();
    text.push_str(&rule.times(time));
    if recurrence.from() == CountsFrom::Completion {
        text.push_str(" after completion");
    }
    match recurrence.parsed().count() {
        None => {}
        Some(1) => text.push_str(", once"),
        Some(count) => text.push_str(&format!(", {count} times")),
    }
    if let Some(until) = recurrence.parsed().until() {
        text.push_str(&format!(", until {}", last_moment(until)));
    }
    text
}

fn last_moment(until: DateTime) -> String {
    let day = format!("{} {} {}", until.day(), month(until.month()), until.year());
    // A day is kept as its last second.
    if until.time() == Time::constant(23, 59, 59, 0) {
        day
    } else {
        format!("{day}, {}", clock(until.time()))
    }
}

/// A weekday, with which of the period it is.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Day {
    nth: Option<i32>,
    day: usize,
}

/// The parts of a rule, read from its canonical text, which the domain has checked.
struct Parts {
    frequency: Frequency,
    interval: u16,
    months: Vec<i32>,
    weeks: Vec<i32>,
    year_days: Vec<i32>,
    month_days: Vec<i32>,
    days: Vec<Day>,
    hours: Vec<i32>,
    minutes: Vec<i32>,
    seconds: Vec<i32>,
    positions: Vec<i32>,
}

fn read_day(text: &str) -> Option<Day> {
    let at = text.len().checked_sub(2)?;
    let day = DAYS.iter().position(|(short, _)| *short == &text[at..])?;
    Some(Day { nth: text[..at].parse().ok(), day })
}

impl Parts {
    fn of(recurrence: &Recurrence) -> Self {
        let rule = recurrence.parsed();
        let values = |name: &str| {
            let part = rule.text().split(';').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
            part.map(|list| list.split(',').collect::<Vec<_>>()).unwrap_or_default()
        };
        let numbers = |name: &str| values(name).iter().filter_map(|text| text.parse().ok()).collect();
        Self {
            frequency: rule.frequency(),
            interval: rule.interval(),
            months: numbers("BYMONTH"),
            weeks: numbers("BYWEEKNO"),
            year_days: numbers("BYYEARDAY"),
            month_days: numbers("BYMONTHDAY"),
            days: values("BYDAY").iter().filter_map(|text| read_day(text)).collect(),
            hours: numbers("BYHOUR"),
            minutes: numbers("BYMINUTE"),
            seconds: numbers("BYSECOND"),
            positions: numbers("BYSETPOS"),
        }
    }

    fn pattern(&self) -> String {
        match self.frequency {
            Frequency::Minutely => self.short("minute"),
            Frequency::Hourly => self.short("hour"),
            Frequency::Daily => self.daily(),
            Frequency::Weekly => self.weekly(),
            Frequency::Monthly => self.monthly(),
            Frequency::Yearly => self.yearly(),
        }
    }

    fn every(&self, unit: &str) -> String {
        if self.interval == 1 { format!("every {unit}") } else { format!("every {} {unit}s", self.interval) }
    }

    fn in_months(&self) -> String {
        if self.months.is_empty() { String::new() } else { format!(" in {}", self.month_names()) }
    }

    fn month_names(&self) -> String {
        list(&self.months.iter().map(|n| month_of(*n)).collect::<Vec<_>>())
    }

    /// Minutes and hours: weekdays and months only narrow them.
    fn short(&self, unit: &str) -> String {
        let days =
            if self.days.is_empty() { String::new() } else { format!(" on {}", plural_days(&self.days)) };
        format!("{}{days}{}", self.every(unit), self.in_months())
    }

    fn daily(&self) -> String {
        if self.interval == 1 && !self.days.is_empty() && self.month_days.is_empty() {
            return format!("{}{}{}", every_day_of(&self.days), self.only(), self.in_months());
        }
        let mut text = self.every("day");
        if !self.month_days.is_empty() {
            text.push_str(&format!(" that is the {}", list(&nth_days(&self.month_days))));
        }
        if !self.days.is_empty() {
            let joint = if self.month_days.is_empty() { " that is a" } else { " and a" };
            text.push_str(&format!("{joint} {}", any_day(&self.days)));
        }
        format!("{text}{}{}", self.only(), self.in_months())
    }

    fn weekly(&self) -> String {
        let text = match (self.interval, self.days.as_slice()) {
            (_, []) => self.every("week"),
            (1, days) => every_day_of(days),
            (_, days) => format!("{} on {}", self.every("week"), plain_days(days)),
        };
        format!("{text}{}{}", self.only(), self.in_months())
    }

    fn monthly(&self) -> String {
        // Every Monday of every month is every Monday.
        let all_of_them = self.month_days.is_empty()
            && self.positions.is_empty()
            && self.interval == 1
            && !self.days.is_empty()
            && self.days.iter().all(|day| day.nth.is_none());
        if all_of_them {
            return format!("{}{}", every_day_of(&self.days), self.in_months());
        }
        match (self.days_of_month(), self.interval) {
            (None, _) => format!("{}{}", self.every("month"), self.in_months()),
            (Some(what), 1) if self.months.is_empty() => {
                format!("on {what} of every month{}", self.narrowed())
            }
            (Some(what), 1) => format!("on {what} of {}{}", self.month_names(), self.narrowed()),
            (Some(what), _) => {
                format!("{} on {what}{}{}", self.every("month"), self.in_months(), self.narrowed())
            }
        }
    }

    fn yearly(&self) -> String {
        let mut text = self.every("year");
        if !self.weeks.is_empty() {
            let weeks: Vec<String> = self.weeks.iter().map(|n| from_end(*n, "week", "last week")).collect();
            let days =
                if self.days.is_empty() { String::new() } else { format!("{} of ", plain_days(&self.days)) };
            let joint = if self.days.is_empty() { "in" } else { "on" };
            text.push_str(&format!(" {joint} {days}{}{}", list(&weeks), self.in_months()));
            text.push_str(&self.also_month_days());
        } else if !self.year_days.is_empty() {
            let days: Vec<String> =
                self.year_days.iter().map(|n| from_end(*n, "day", "the last day")).collect();
            text.push_str(&format!(" on {}{}", list(&days), self.in_months()));
            if !self.days.is_empty() {
                text.push_str(&format!(" when it is a {}", any_day(&self.days)));
            }
            text.push_str(&self.also_month_days());
        } else if let Some(dates) = self.dates() {
            text.push_str(&format!(" on {dates}"));
        } else if let Some(what) = self.days_of_month() {
            text.push_str(&format!(" on {what}"));
            let yearly = self.month_days.is_empty() && self.months.is_empty();
            match (yearly, self.months.is_empty()) {
                (true, _) => text.push_str(" of the year"),
                (_, true) => text.push_str(" of every month"),
                _ => text.push_str(&format!(" of {}", self.month_names())),
            }
            return text + &self.narrowed();
        } else {
            text.push_str(&self.in_months());
        }
        text + &self.only()
    }

    /// Days of the month beside weeks or days of the year, which narrow them.
    fn also_month_days(&self) -> String {
        if self.month_days.is_empty() {
            return String::new();
        }
        format!(" when it is the {}", list(&nth_days(&self.month_days)))
    }

    /// `29 February`, where a yearly rule names days of months and nothing else.
    fn dates(&self) -> Option<String> {
        let plain =
            self.days.is_empty() && self.positions.is_empty() && self.month_days.iter().all(|n| *n > 0);
        if !plain || self.months.is_empty() || self.month_days.is_empty() {
            return None;
        }
        let dates: Vec<String> = self
            .months
            .iter()
            .flat_map(|m| self.month_days.iter().map(move |day| format!("{day} {}", month_of(*m))))
            .collect();
        Some(list(&dates))
    }

    /// Which days of a month are meant; nothing where the rule does not say.
    fn days_of_month(&self) -> Option<String> {
        match (self.month_days.as_slice(), self.days.as_slice()) {
            ([], []) => None,
            (month_days, []) => Some(match last_of_run(month_days, &self.positions) {
                Some(31) => "the last day".to_owned(),
                Some(day) => format!("the {} or the last day", nth(day)),
                None => format!("the {}{}", list(&nth_days(month_days)), self.only()),
            }),
            ([], days) if days.iter().any(|day| day.nth.is_some()) => {
                Some(format!("{}{}", ordinal_days(days), self.only()))
            }
            ([], days) if self.positions.is_empty() => Some(every_day_of(days)),
            ([], days) => {
                let which: Vec<String> = self.positions.iter().map(|n| ordinal(*n)).collect();
                Some(format!("the {} {}", list(&which), any_day(days)))
            }
            (month_days, _) => Some(format!("the {}", list(&nth_days(month_days)))),
        }
    }

    /// The weekdays that narrow days of the month.
    fn narrowed(&self) -> String {
        if self.month_days.is_empty() || self.days.is_empty() {
            return String::new();
        }
        format!(" when it is a {}{}", any_day(&self.days), self.only())
    }

    /// BYSETPOS where nothing better says it.
    fn only(&self) -> String {
        if self.positions.is_empty() {
            return String::new();
        }
        let which: Vec<String> = self.positions.iter().map(|n| ordinal(*n)).collect();
        format!(" (only the {} of these)", list(&which))
    }

    fn times(&self, time: Option<Time>) -> String {
        let start = time.unwrap_or(Time::midnight());
        let mut text = String::new();
        if !self.hours.is_empty() {
            let minutes =
                if self.minutes.is_empty() { vec![i32::from(start.minute())] } else { self.minutes.clone() };
            let times: Vec<String> = self
                .hours
                .iter()
                .flat_map(|hour| minutes.iter().map(move |minute| format!("{hour:02}:{minute:02}")))
                .collect();
            text.push_str(&format!(" at {}", list(&times)));
        } else if !self.minutes.is_empty() {
            let minutes: Vec<String> = self.minutes.iter().map(ToString::to_string).collect();
            text.push_str(&format!(" at minute {}", list(&minutes)));
        } else if let Some(time) = time.filter(|_| self.frequency >= Frequency::Daily) {
            text.push_str(&format!(" at {}", clock(time)));
        }
        if !self.seconds.is_empty() {
            let seconds: Vec<String> = self.seconds.iter().map(ToString::to_string).collect();
            text.push_str(&format!(" at second {}", list(&seconds)));
        }
        text
    }
}

fn month_of(number: i32) -> String {
    i8::try_from(number).map_or("", month).to_owned()
}

/// `1st`, `22nd`.
fn nth(n: i32) -> String {
    let ending = match (n % 100, n % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

/// `first`, `22nd`, `last`, `second to last`.
fn ordinal(n: i32) -> String {
    const NAMES: [&str; 6] = ["", "first", "second", "third", "fourth", "fifth"];
    let name = |n: i32| {
        usize::try_from(n).ok().and_then(|n| NAMES.get(n)).map_or_else(|| nth(n), |s| (*s).to_owned())
    };
    match n {
        -1 => "last".to_owned(),
        n if n < 0 => format!("{} to last", name(n.saturating_neg())),
        n => name(n),
    }
}

fn nth_days(days: &[i32]) -> Vec<String> {
    // Counted from the end they come last: "the 1st and last day".
    let (from_end, from_start): (Vec<i32>, Vec<i32>) = days.iter().partition(|n| **n < 0);
    from_start
        .iter()
        .map(|n| nth(*n))
        .chain(from_end.iter().map(|n| format!("{} day", ordinal(*n))))
        .collect()
}

/// `week 20`, or what `last` says, or `the second to last week`.
fn from_end(n: i32, unit: &str, last: &str) -> String {
    match n {
        -1 if last.starts_with("the ") => last.to_owned(),
        -1 => format!("the {last}"),
        n if n < 0 => format!("the {} {unit}", ordinal(n)),
        n => format!("{unit} {n}"),
    }
}

/// The day that `28,…,d` with the last position stands for: `d`, or the last day of a shorter month.
fn last_of_run(days: &[i32], positions: &[i32]) -> Option<i32> {
    let run = days.len() > 1 && days.iter().zip(28..).all(|(day, expected)| *day == expected);
    if run && positions == [-1] {
        return days.last().copied();
    }
    None
}

fn named(day: usize) -> String {
    DAYS.get(day).map_or("", |(_, name)| *name).to_owned()
}

fn indexes(days: &[Day]) -> Vec<usize> {
    days.iter().map(|day| day.day).collect()
}

fn names(days: &[Day]) -> Vec<String> {
    days.iter().map(|day| named(day.day)).collect()
}

/// The first and last of three or more days that follow one another, but not all of them.
fn run(days: &[usize]) -> Option<(usize, usize)> {
    let (first, last) = (*days.first()?, *days.last()?);
    let follows = days.windows(2).all(|pair| pair[1] == pair[0] + 1);
    (follows && (3..6).contains(&days.len())).then_some((first, last))
}

/// The one day that is missing.
fn missing(days: &[usize]) -> Option<usize> {
    if days.len() != 6 {
        return None;
    }
    (0..7).find(|day| !days.contains(day))
}

/// `every Monday and Thursday`, `every weekday`, `every day except Sunday`.
fn every_day_of(days: &[Day]) -> String {
    let which = indexes(days);
    if which.len() == 7 {
        return "every day".to_owned();
    }
    if which == WORKDAYS {
        return "every weekday".to_owned();
    }
    if let Some(day) = missing(&which) {
        return format!("every day except {}", named(day));
    }
    match run(&which) {
        Some((first, last)) => format!("every {} to {}", named(first), named(last)),
        None => format!("every {}", list(&names(days))),
    }
}

/// `Monday and Thursday`, `weekdays`.
fn plain_days(days: &[Day]) -> String {
    let which = indexes(days);
    if which.len() == 7 {
        return "every day".to_owned();
    }
    if which == WORKDAYS {
        return "weekdays".to_owned();
    }
    match run(&which) {
        Some((first, last)) => format!("{} to {}", named(first), named(last)),
        None => list(&names(days)),
    }
}

/// `Mondays and Thursdays`, `weekdays`.
fn plural_days(days: &[Day]) -> String {
    if indexes(days) == WORKDAYS {
        return "weekdays".to_owned();
    }
    list(&days.iter().map(|day| format!("{}s", named(day.day))).collect::<Vec<_>>())
}

/// `workday`, `Monday or Friday`: any one of them.
fn any_day(days: &[Day]) -> String {
    let which = indexes(days);
    match which.as_slice() {
        which if which.len() == 7 => "day".to_owned(),
        which if which == WORKDAYS => "workday".to_owned(),
        [5, 6] => "weekend day".to_owned(),
        _ => names(days).join(" or "),
    }
}

/// `the second Tuesday`, `the first and third Monday`, `the first Monday and the last Friday`.
fn ordinal_days(days: &[Day]) -> String {
    let mut groups: Vec<(usize, Vec<i32>)> = Vec::new();
    for day in days {
        let n = day.nth.unwrap_or(1);
        match groups.iter_mut().find(|(known, _)| *known == day.day) {
            Some((_, positions)) => positions.push(n),
            None => groups.push((day.day, vec![n])),
        }
    }
    let texts: Vec<String> = groups
        .into_iter()
        .map(|(day, mut positions)| {
            positions.sort_by_key(|n| (*n < 0, *n));
            let which: Vec<String> = positions.iter().map(|n| ordinal(*n)).collect();
            format!("the {} {}", list(&which), named(day))
        })
        .collect();
    list(&texts)
}

#[cfg(test)]
mod tests {
    use domain::recurrence::{CountsFrom, Recurrence};
    use jiff::civil::time;

    use super::{describe_recurrence, describe_series};

    fn schedule(rule: &str) -> Recurrence {
        Recurrence::new(rule, CountsFrom::Schedule).unwrap()
    }

    #[test]
    fn rules_are_said_as_people_say_them() {
        for (rule, expected) in [
            ("FREQ=DAILY", "every day"),
            ("FREQ=DAILY;INTERVAL=3", "every 3 days"),
            ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "every weekday"),
            ("FREQ=DAILY;BYMONTH=7,8", "every day in July and August"),
            ("FREQ=DAILY;INTERVAL=2;BYDAY=MO", "every 2 days that is a Monday"),
            ("FREQ=WEEKLY", "every week"),
            ("FREQ=WEEKLY;INTERVAL=2", "every 2 weeks"),
            ("FREQ=WEEKLY;BYDAY=MO", "every Monday"),
            ("FREQ=WEEKLY;BYDAY=MO,TH", "every Monday and Thursday"),
            ("FREQ=WEEKLY;BYDAY=MO,WE,FR", "every Monday, Wednesday and Friday"),
            ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH", "every Monday to Thursday"),
            ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "every weekday"),
            ("FREQ=WEEKLY;BYDAY=SA,SU", "every Saturday and Sunday"),
            ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA", "every day except Sunday"),
            ("FREQ=WEEKLY;BYDAY=MO,TU,TH,FR,SA,SU", "every day except Wednesday"),
            ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", "every day"),
            ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", "every 2 weeks on Thursday"),
            ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU,WE,TH,FR", "every 2 weeks on weekdays"),
            ("FREQ=MONTHLY", "every month"),
            ("FREQ=MONTHLY;INTERVAL=3", "every 3 months"),
            ("FREQ=MONTHLY;BYMONTHDAY=1", "on the 1st of every month"),
            ("FREQ=MONTHLY;BYMONTHDAY=1,15", "on the 1st and 15th of every month"),
            ("FREQ=MONTHLY;BYMONTHDAY=-1", "on the last day of every month"),
            ("FREQ=MONTHLY;BYMONTHDAY=1,-1", "on the 1st and last day of every month"),
            ("FREQ=MONTHLY;BYMONTHDAY=-2", "on the second to last day of every month"),
            ("FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1", "on the last day of every month"),
            ("FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1", "on the 30th or the last day of every month"),
            ("FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=22", "every 3 months on the 22nd"),
            ("FREQ=MONTHLY;BYDAY=2TU", "on the second Tuesday of every month"),
            ("FREQ=MONTHLY;BYDAY=-1FR", "on the last Friday of every month"),
            ("FREQ=MONTHLY;BYDAY=1MO,3MO", "on the first and third Monday of every month"),
            ("FREQ=MONTHLY;BYDAY=1MO,-1FR", "on the last Friday and the first Monday of every month"),
            ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", "on the first workday of every month"),
            ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "on the last workday of every month"),
            ("FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=1", "on the first weekend day of every month"),
            ("FREQ=MONTHLY;BYDAY=MO", "every Monday"),
            ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "on the 13th of every month when it is a Friday"),
            ("FREQ=MONTHLY;BYMONTH=1,7;BYMONTHDAY=1", "on the 1st of January and July"),
            (
                "FREQ=MONTHLY;BYMONTHDAY=1,11,21;BYSETPOS=2",
                "on the 1st, 11th and 21st (only the second of these) of every month",
            ),
            ("FREQ=YEARLY", "every year"),
            ("FREQ=YEARLY;INTERVAL=2", "every 2 years"),
            ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "every year on 29 February"),
            ("FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=1", "every year on 1 January and 1 July"),
            ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "every year on the fourth Thursday of November"),
            ("FREQ=YEARLY;BYDAY=20MO", "every year on the 20th Monday of the year"),
            (
                "FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=13;BYDAY=FR",
                "every year on the 13th of May when it is a Friday",
            ),
            ("FREQ=YEARLY;BYMONTH=3", "every year in March"),
            ("FREQ=YEARLY;BYYEARDAY=100", "every year on day 100"),
            ("FREQ=YEARLY;BYYEARDAY=-1", "every year on the last day"),
            ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "every year on Monday of week 20"),
            ("FREQ=HOURLY", "every hour"),
            ("FREQ=HOURLY;INTERVAL=2", "every 2 hours"),
            ("FREQ=HOURLY;BYDAY=MO,TU,WE,TH,FR", "every hour on weekdays"),
            ("FREQ=MINUTELY;INTERVAL=90", "every 90 minutes"),
            ("FREQ=DAILY;BYHOUR=9,17", "every day at 09:00 and 17:00"),
            ("FREQ=DAILY;BYHOUR=9;BYMINUTE=15,45", "every day at 09:15 and 09:45"),
            ("FREQ=DAILY;COUNT=10", "every day, 10 times"),
            ("FREQ=DAILY;COUNT=1", "every day, once"),
            ("FREQ=WEEKLY;BYDAY=MO;UNTIL=20261231", "every Monday, until 31 December 2026"),
            ("FREQ=WEEKLY;BYDAY=MO;UNTIL=20261231T170000", "every Monday, until 31 December 2026, 17:00"),
        ] {
            assert_eq!(describe_recurrence(&schedule(rule)), expected, "{rule}");
        }
    }

    #[test]
    fn what_counts_from_the_completion_says_so() {
        let after = |rule| Recurrence::new(rule, CountsFrom::Completion).unwrap();
        assert_eq!(describe_recurrence(&after("FREQ=DAILY;INTERVAL=3")), "every 3 days after completion");
        assert_eq!(
            describe_recurrence(&after("FREQ=MONTHLY;COUNT=5")),
            "every month after completion, 5 times"
        );
    }

    #[test]
    fn the_time_of_day_is_part_of_it_unless_the_rule_has_its_own() {
        let at_nine = Some(time(9, 0, 0, 0));
        assert_eq!(describe_series(&schedule("FREQ=WEEKLY;BYDAY=MO"), at_nine), "every Monday at 09:00");
        assert_eq!(describe_series(&schedule("FREQ=DAILY;BYHOUR=7"), at_nine), "every day at 07:00");
        assert_eq!(describe_series(&schedule("FREQ=HOURLY"), at_nine), "every hour");
        let until = schedule("FREQ=DAILY;UNTIL=20261231");
        assert_eq!(describe_series(&until, at_nine), "every day at 09:00, until 31 December 2026");
    }
}

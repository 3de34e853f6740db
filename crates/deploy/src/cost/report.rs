//! Years and plans to be read by people.
//!
//! It must not work anything out.

use std::fmt::Write as _;

use super::plan::{Plan, Proposal};
use super::year::{Line, Year};

/// An amount with its thousands apart, such as `12,345`.
pub(super) fn amount(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < -0.5 { format!("-{text}") } else { text }
}

fn of(value: Option<f64>) -> String {
    value.map_or_else(|| "not priced".to_owned(), amount)
}

impl Year {
    /// Every line, and both sums, as text.
    pub fn table(&self) -> String {
        let mut text = format!("A year with {}, {}\n\n", self.title, self.currency);
        // Writing to a string does not fail.
        let _ = writeln!(text, "{:<12} {:<28} {:<30} {:>12}", "part", "what", "how much", "a year");
        let line = |text: &mut String, line: &Line| {
            let _ = writeln!(
                text,
                "{:<12} {:<28} {:<30} {:>12}",
                line.part,
                line.what,
                line.quantity,
                of(line.year)
            );
        };
        for one in self.requests.iter().chain(&self.others) {
            line(&mut text, one);
        }
        let _ = writeln!(
            text,
            "\n{:<72} {:>12}",
            "by requests: the share of nodes that is requested",
            of(self.by_requests)
        );
        if let Some(nodes) = &self.nodes {
            let count = match nodes.least == nodes.most {
                true => nodes.most.to_string(),
                false => format!("{} to {}, {:.2} on average,", nodes.least, nodes.most, nodes.mean),
            };
            let what = format!("by whole nodes: {count} x {}", nodes.name);
            let _ = writeln!(text, "{what:<72} {:>12}", of(self.by_nodes));
            if !nodes.is_room_known {
                let _ = writeln!(
                    text,
                    "  what the system takes of a node is not in the table: all of it was counted as free"
                );
            }
        }
        if !self.unpriced.is_empty() {
            let _ = writeln!(text, "not priced in this table, and in no sum: {}", self.unpriced.join(", "));
        }
        let mut sources: Vec<String> = self
            .requests
            .iter()
            .chain(&self.others)
            .filter_map(|line| line.source.clone())
            .chain(self.nodes.iter().map(|nodes| nodes.source.clone()))
            .collect();
        sources.sort();
        sources.dedup();
        let _ = writeln!(text, "\nprices from");
        for source in sources {
            let _ = writeln!(text, "  {source}");
        }
        text
    }
}

impl Proposal {
    fn lines(&self, text: &mut String, currency: &str) {
        let kept = if self.is_kept { "kept" } else { "broken" };
        let within = if self.is_within { "within the budget" } else { "above the budget" };
        let _ = writeln!(
            text,
            "{} {currency} a year, {within} · 99 % answered in {:.2} s, promise {kept} · {:.2} workers on average",
            amount(self.year),
            self.answer_p99_secs,
            self.mean_workers
        );
        for change in &self.changes {
            let _ = writeln!(text, "    {change}");
        }
        for loss in &self.gives_up {
            let _ = writeln!(text, "    gives up: {loss}");
        }
    }
}

impl Plan {
    /// The fleet as it is, and what meets the budget, as text.
    pub fn table(&self) -> String {
        let mut text = format!("A budget of {} {}\n\n  as it is: ", amount(self.budget), self.currency);
        self.as_it_is.lines(&mut text, &self.currency);
        for (index, proposal) in self.proposals.iter().enumerate() {
            let _ = write!(text, "\n  {}. ", index + 1);
            proposal.lines(&mut text, &self.currency);
        }
        if self.proposals.is_empty() {
            let _ = writeln!(
                text,
                "\n  none of {} sets of changes meets the budget and keeps the promise",
                self.tried
            );
        }
        if let Some(nearest) = &self.nearest {
            text.push_str("\n  the cheapest that keeps it: ");
            nearest.lines(&mut text, &self.currency);
        }
        if !self.unpriced.is_empty() {
            let _ = writeln!(text, "\nin none of these sums: {}", self.unpriced.join(", "));
        }
        text
    }
}

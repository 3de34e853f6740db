//! A run as a picture: the load, replicas, lag, waiting and cost one below the other, on one axis of time.
//!
//! An SVG by itself, which takes its colours from the reader's light or dark page. It must not work anything out.

use std::fmt::Write as _;

use super::replay::{Run, Sample};
use super::report::{Rate, clock, wait};

const WIDTH: f64 = 960.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 24.0;
/// Where the first panel begins, below the title and what it says.
const TOP: f64 = 96.0;
/// The height of a panel, and from one to the next.
const PANEL: f64 = 96.0;
const PITCH: f64 = 142.0;
/// How many steps of time there are at most.
const TICKS: u32 = 8;
/// Steps of time that are easy to read, in seconds.
const STEPS: [u32; 14] =
    [15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400];

const STYLE: &str = "<style>\
    svg{color-scheme:light dark;--ink:#1c1e21;--soft:#565d65;--rule:#dfe3e7;--page:#fff;--one:#2f5fd0;--two:#b4540a}\
    @media(prefers-color-scheme:dark){svg{--ink:#eceef0;--soft:#a9b1b9;--rule:#33383e;--page:#16181b;--one:#8db0ff;--two:#ffb070}}\
    text{font:12px system-ui,sans-serif;fill:var(--soft);font-variant-numeric:tabular-nums}\
    .title{font-size:16px;font-weight:600;fill:var(--ink)}\
    .name{font-size:13px;font-weight:600;fill:var(--ink)}\
    .rule{stroke:var(--rule);fill:none}\
    .promise{stroke:var(--soft);stroke-dasharray:4 4;fill:none}\
    .one{stroke:var(--one);stroke-width:1.5;stroke-linejoin:round;fill:none}\
    .two{stroke:var(--two);stroke-width:1.5;stroke-linejoin:round;fill:none}\
    .one-text{fill:var(--one)}.two-text{fill:var(--two)}</style>";

/// What is said around a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Caption<'a> {
    /// What is simulated.
    pub title: &'a str,
    /// How long an event may wait, in seconds.
    pub promise_secs: Option<f64>,
    /// What a replica costs.
    pub rate: Option<&'a Rate>,
}

/// One line of a panel: what it is called, and its value in a sample.
type Line<'a> = (&'a str, &'a dyn Fn(&Sample) -> Option<f64>);

struct Panel<'a> {
    name: String,
    lines: [Option<Line<'a>>; 2],
    /// How its values are written.
    label: &'a dyn Fn(f64) -> String,
    /// Each value holds until the next sample.
    is_stepped: bool,
    /// A value that is not to be passed, and what it is called.
    limit: Option<(f64, String)>,
    /// The least that its axis goes to.
    least: f64,
}

/// Text that cannot be taken for markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The end of an axis that `most` fits on: 1, 2, 2.5, 4, 5 or 8 of a power of ten, which halve well.
fn round_up(most: f64) -> f64 {
    let power = 10_f64.powf(most.log10().floor());
    let steps = [1.0, 2.0, 2.5, 4.0, 5.0, 8.0, 10.0];
    steps.into_iter().map(|step| step * power).find(|end| *end >= most * 0.999_999).unwrap_or(most)
}

/// Where `secs` is from left to right.
fn across(secs: u32, run: &Run) -> f64 {
    LEFT + (WIDTH - LEFT - RIGHT) * f64::from(secs) / f64::from(run.duration_secs.max(1))
}

/// The path of a line; where there is no value it is broken.
fn path(run: &Run, panel: &Panel<'_>, of: &dyn Fn(&Sample) -> Option<f64>, top: f64, most: f64) -> String {
    let mut path = String::new();
    let (mut is_drawn, mut last) = (false, String::new());
    for sample in &run.samples {
        let Some(value) = of(sample) else {
            is_drawn = false;
            continue;
        };
        let (x, y) = (across(sample.at_secs, run), top + PANEL * (1.0 - (value / most).min(1.0)));
        let height = format!("{y:.1}");
        // Writing to a string does not fail.
        let _ = match (is_drawn, panel.is_stepped) {
            (false, _) => write!(path, "M{x:.1} {height}"),
            (true, true) if height == last => Ok(()),
            (true, true) => write!(path, "H{x:.1}V{height}"),
            (true, false) => write!(path, "L{x:.1} {height}"),
        };
        (is_drawn, last) = (true, height);
    }
    if panel.is_stepped && is_drawn {
        let _ = write!(path, "H{:.1}", across(run.duration_secs, run));
    }
    path
}

fn draw(svg: &mut String, run: &Run, panel: &Panel<'_>, top: f64) {
    let bottom = top + PANEL;
    let values = panel.lines.iter().flatten().flat_map(|(_, of)| run.samples.iter().filter_map(of));
    let most = values.chain(panel.limit.iter().map(|(limit, _)| *limit)).fold(panel.least, f64::max);
    let scale = round_up(most);
    let _ = write!(
        svg,
        "<text class=\"name\" x=\"{LEFT}\" y=\"{:.0}\">{}</text>",
        top - 12.0,
        escaped(&panel.name)
    );
    for part in [0.0, 0.5, 1.0] {
        let y = bottom - PANEL * part;
        let _ = write!(
            svg,
            "<path class=\"rule\" d=\"M{LEFT} {y}H{}\"/>\
             <text x=\"{}\" y=\"{:.0}\" text-anchor=\"end\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            y + 4.0,
            (panel.label)(scale * part)
        );
    }
    if let Some((limit, name)) = &panel.limit {
        let y = bottom - PANEL * limit / scale;
        let _ = write!(
            svg,
            "<path class=\"promise\" d=\"M{LEFT} {y:.1}H{}\"/><text x=\"{}\" y=\"{:.0}\">{}</text>",
            WIDTH - RIGHT,
            LEFT + 6.0,
            if y - top > 16.0 { y - 4.0 } else { y + 14.0 },
            escaped(name)
        );
    }
    // What is named first is drawn last, above the other; the names stand from the right.
    let mut right = WIDTH - RIGHT;
    for (index, line) in panel.lines.iter().enumerate().rev() {
        let Some((name, of)) = line else { continue };
        let class = if index == 0 { "one" } else { "two" };
        let _ = write!(
            svg,
            "<path class=\"{class}\" d=\"{}\"/>\
             <text class=\"{class}-text\" x=\"{right:.0}\" y=\"{:.0}\" text-anchor=\"end\">{name}</text>",
            path(run, panel, *of, top, scale),
            top - 12.0,
        );
        right -= 8.0 * name.chars().count() as f64 + 12.0;
    }
}

/// The lines and labels of the time, over all panels.
fn draw_times(svg: &mut String, run: &Run, bottom: f64) {
    let step = STEPS.into_iter().find(|step| run.duration_secs / step <= TICKS);
    let step = step.unwrap_or_else(|| run.duration_secs.div_ceil(TICKS * 86_400).max(1) * 86_400);
    let mut at = 0;
    while at <= run.duration_secs {
        let x = across(at, run);
        let anchor = if at == 0 { "start" } else { "middle" };
        let anchor = if x > WIDTH - RIGHT - 20.0 { "end" } else { anchor };
        let _ = write!(
            svg,
            "<path class=\"rule\" d=\"M{x:.1} {TOP}V{bottom}\"/>\
             <text x=\"{x:.1}\" y=\"{:.0}\" text-anchor=\"{anchor}\">{}</text>",
            bottom + 20.0,
            clock(at),
        );
        at += step;
    }
    let _ = write!(
        svg,
        "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">time since the beginning, hours:minutes:seconds</text>",
        f64::midpoint(LEFT, WIDTH - RIGHT),
        bottom + 40.0
    );
}

impl Run {
    /// The run as an SVG, legible on a light and on a dark page.
    pub fn svg(&self, caption: &Caption<'_>) -> String {
        let count =
            |value: f64| if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") };
        let hour = caption.rate.map_or(1.0, |rate| rate.hour);
        let cost = |sample: &Sample| Some(sample.worker_hours * hour);
        let money = |value: f64| match caption.rate {
            Some(_) if value < 10.0 => format!("{value:.2}"),
            _ => format!("{value:.0}"),
        };
        let plain = |name: &str, least| Panel {
            name: name.to_owned(),
            lines: [None, None],
            label: &count,
            is_stepped: false,
            limit: None,
            least,
        };
        let panels = [
            Panel {
                lines: [Some(("arrive", &|sample| Some(sample.arrivals_per_sec))), None],
                ..plain("Load, events a second", 0.1)
            },
            Panel {
                lines: [
                    Some(("wanted", &|sample| Some(f64::from(sample.replicas)))),
                    Some(("ready", &|sample| Some(f64::from(sample.ready)))),
                ],
                is_stepped: true,
                ..plain("Replicas", 2.0)
            },
            Panel {
                lines: [Some(("lag", &|sample| Some(sample.lag as f64))), None],
                ..plain("Lag, events that are not handled", 2.0)
            },
            Panel {
                lines: [Some(("p99", &|sample| sample.p99_secs)), Some(("p50", &|sample| sample.p50_secs))],
                label: &wait,
                limit: caption.promise_secs.map(|secs| (secs, format!("{} are promised", wait(secs)))),
                ..plain("Waiting until an event is taken up", 0.1)
            },
            Panel {
                lines: [Some(("so far", &cost)), None],
                label: &money,
                name: caption.rate.map_or_else(
                    || "Cost, hours of one replica".to_owned(),
                    |rate| format!("Cost of the replicas, {}", rate.currency),
                ),
                ..plain("", if caption.rate.is_some() { 0.01 } else { 1.0 })
            },
        ];
        let bottom = TOP + PITCH * (panels.len() as f64 - 1.0) + PANEL;
        let height = bottom + 56.0;
        let title = escaped(caption.title);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
             aria-label=\"{title}\">{STYLE}<title>{title}</title>\
             <rect width=\"100%\" height=\"100%\" fill=\"var(--page)\"/>\
             <text class=\"title\" x=\"{LEFT}\" y=\"30\">{title}</text>\
             <text x=\"{LEFT}\" y=\"50\">{}</text>",
            escaped(&self.summary())
        );
        draw_times(&mut svg, self, bottom);
        for (index, panel) in panels.iter().enumerate() {
            draw(&mut svg, self, panel, TOP + PITCH * index as f64);
        }
        svg.push_str("</svg>\n");
        svg
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_where_half_of_it_reads_well() {
        for (most, end) in
            [(0.1, 0.1), (1.1, 2.0), (2.1, 2.5), (3.0, 4.0), (12.0, 20.0), (99.0, 100.0), (430.0, 500.0)]
        {
            assert!((round_up(most) - end).abs() < 1e-9, "{most}: {}", round_up(most));
        }
    }
}

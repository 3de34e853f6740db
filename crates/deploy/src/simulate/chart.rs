//! A run as a picture: replicas, lag and waiting one below the other, on one axis of time.
//!
//! An SVG by itself, which takes its colours from the reader's light or dark page. It must not work anything out.

use std::fmt::Write as _;

use super::replay::{Run, Sample};
use super::report::{clock, wait};

const WIDTH: f64 = 960.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 44.0;
/// The height of a panel, and from one to the next.
const PANEL: f64 = 120.0;
const PITCH: f64 = 164.0;
const TICKS: u32 = 6;

const STYLE: &str = "<style>\
    svg{color-scheme:light dark;--ink:#1c1e21;--soft:#5c636b;--rule:#d9dde1;--page:#fff;--one:#2f5fd0;--two:#b4540a}\
    @media(prefers-color-scheme:dark){svg{--ink:#eceef0;--soft:#a3abb3;--rule:#3a4047;--page:#16181b;--one:#8db0ff;--two:#ffb070}}\
    text{font:12px system-ui,sans-serif;fill:var(--soft);font-variant-numeric:tabular-nums}\
    .name{font-size:13px;font-weight:600;fill:var(--ink)}\
    .rule{stroke:var(--rule);fill:none}\
    .one{stroke:var(--one);stroke-width:1.5;fill:none}.two{stroke:var(--two);stroke-width:1.5;fill:none}\
    .one-text{fill:var(--one)}.two-text{fill:var(--two)}</style>";

/// One line of a panel: what it is called, and its value in a sample.
type Line<'a> = (&'a str, &'a dyn Fn(&Sample) -> Option<f64>);

struct Panel<'a> {
    name: &'a str,
    lines: [Option<Line<'a>>; 2],
    /// How its values are written.
    label: &'a dyn Fn(f64) -> String,
    /// Each value holds until the next sample.
    is_stepped: bool,
}

/// Where `secs` is from left to right.
fn across(secs: u32, run: &Run) -> f64 {
    LEFT + (WIDTH - LEFT - RIGHT) * f64::from(secs) / f64::from(run.duration_secs.max(1))
}

/// The path of a line; where there is no value it is broken.
fn path(run: &Run, panel: &Panel<'_>, of: &dyn Fn(&Sample) -> Option<f64>, top: f64, most: f64) -> String {
    let mut path = String::new();
    let mut is_drawn = false;
    for sample in &run.samples {
        let Some(value) = of(sample) else {
            is_drawn = false;
            continue;
        };
        let (x, y) = (across(sample.at_secs, run), top + PANEL * (1.0 - value / most));
        // Writing to a string does not fail.
        let _ = match (is_drawn, panel.is_stepped) {
            (false, _) => write!(path, "M{x:.1} {y:.1}"),
            (true, true) => write!(path, "H{x:.1}V{y:.1}"),
            (true, false) => write!(path, "L{x:.1} {y:.1}"),
        };
        is_drawn = true;
    }
    path
}

fn draw(svg: &mut String, run: &Run, panel: &Panel<'_>, top: f64) {
    let bottom = top + PANEL;
    let values = panel.lines.iter().flatten().flat_map(|(_, of)| run.samples.iter().filter_map(of));
    let most = values.fold(0.0_f64, f64::max);
    let scale = if most > 0.0 { most } else { 1.0 };
    let _ = write!(
        svg,
        "<text class=\"name\" x=\"{LEFT}\" y=\"{:.0}\">{}</text>\
         <path class=\"rule\" d=\"M{LEFT} {top}H{right}M{LEFT} {bottom}H{right}\"/>\
         <text x=\"{edge}\" y=\"{:.0}\" text-anchor=\"end\">{}</text>\
         <text x=\"{edge}\" y=\"{:.0}\" text-anchor=\"end\">{}</text>",
        top - 10.0,
        panel.name,
        top + 4.0,
        (panel.label)(scale),
        bottom + 4.0,
        (panel.label)(0.0),
        right = WIDTH - RIGHT,
        edge = LEFT - 8.0,
    );
    for (index, line) in panel.lines.iter().enumerate() {
        let Some((name, of)) = line else { continue };
        let class = if index == 0 { "one" } else { "two" };
        let _ = write!(
            svg,
            "<text class=\"{class}-text\" x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{name}</text>\
             <path class=\"{class}\" d=\"{}\"/>",
            WIDTH - RIGHT - 64.0 * index as f64,
            top - 10.0,
            path(run, panel, *of, top, scale)
        );
    }
}

impl Run {
    /// The run as an SVG, legible on a light and on a dark page.
    pub fn svg(&self) -> String {
        let count = |value: f64| format!("{value:.0}");
        let panels = [
            Panel {
                name: "Replicas",
                lines: [
                    Some(("wanted", &|sample| Some(f64::from(sample.replicas)))),
                    Some(("ready", &|sample| Some(f64::from(sample.ready)))),
                ],
                label: &count,
                is_stepped: true,
            },
            Panel {
                name: "Lag, events",
                lines: [Some(("lag", &|sample| Some(sample.lag as f64))), None],
                label: &count,
                is_stepped: false,
            },
            Panel {
                name: "Waiting",
                lines: [Some(("p99", &|sample| sample.p99_secs)), Some(("p50", &|sample| sample.p50_secs))],
                label: &wait,
                is_stepped: false,
            },
        ];
        let bottom = TOP + PITCH * (panels.len() as f64 - 1.0) + PANEL;
        let height = bottom + 36.0;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
             aria-label=\"Replicas, lag and waiting over time\">{STYLE}\
             <rect width=\"100%\" height=\"100%\" fill=\"var(--page)\"/>"
        );
        for tick in 0..=TICKS {
            let at = u32::try_from(u64::from(self.duration_secs) * u64::from(tick) / u64::from(TICKS));
            let at = at.unwrap_or(self.duration_secs);
            let anchor = match tick {
                0 => "start",
                TICKS => "end",
                _ => "middle",
            };
            let _ = write!(
                svg,
                "<path class=\"rule\" d=\"M{x:.1} {TOP}V{bottom}\"/>\
                 <text x=\"{x:.1}\" y=\"{:.0}\" text-anchor=\"{anchor}\">{}</text>",
                bottom + 22.0,
                clock(at),
                x = across(at, self),
            );
        }
        for (index, panel) in panels.iter().enumerate() {
            draw(&mut svg, self, panel, TOP + PITCH * index as f64);
        }
        svg.push_str("</svg>\n");
        svg
    }
}

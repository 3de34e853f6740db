//! Markdown: what of an article's text is shown, and the sections that answers are made of.
//!
//! Articles are written by the staff and read by customers, and files are imported from anywhere; so nothing
//! active gets through, and nothing is fetched from elsewhere by merely reading.

use std::sync::LazyLock;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use store::articles::Section;

/// About how many characters a section may have before it is divided.
const SECTION_CHARS: usize = 1_200;
/// The most characters that one mark of code may hold; pages and the widget show no longer ones.
const CODE_CHARS: usize = 500;

fn parser(body: &str) -> Parser<'_> {
    Parser::new_ext(body, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS)
}

/// Whether an image can only come from where the page comes from. Browsers drop tabs from addresses and read
/// `\` as `/`, so what is not plainly a path is not one.
fn is_path(url: &str) -> bool {
    !url.contains("//") && url.chars().all(|c| c.is_ascii_alphanumeric() || "-._~/%?=&#".contains(c))
}

static CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = ammonia::Builder::default();
    cleaner
        .url_schemes(["http", "https", "mailto", "tel"].into())
        .link_rel(Some("noopener noreferrer nofollow"))
        .add_tags(["input"])
        .add_tag_attributes("input", ["type", "checked", "disabled"])
        .set_tag_attribute_value("input", "type", "checkbox")
        .set_tag_attribute_value("input", "disabled", "");
    cleaner
});

/// The text as HTML that is safe to put into a page: no raw HTML, no scripts, no foreign images.
pub(super) fn html(body: &str) -> String {
    let mut foreign = 0_usize;
    let events = parser(body).filter(move |event| match event {
        Event::Html(_)
        | Event::InlineHtml(_)
        | Event::Start(Tag::HtmlBlock)
        | Event::End(TagEnd::HtmlBlock) => false,
        // Of a foreign image its description stays. Images do not nest, but their descriptions may hold images.
        Event::Start(Tag::Image { dest_url, .. }) if foreign > 0 || !is_path(dest_url) => {
            foreign += 1;
            false
        }
        Event::End(TagEnd::Image) if foreign > 0 => {
            foreign -= 1;
            false
        }
        _ => true,
    });
    let mut html = String::with_capacity(body.len() * 3 / 2);
    pulldown_cmark::html::push_html(&mut html, events);
    CLEANER.clean(&html).to_string()
}

/// The first heading of the first level.
pub(super) fn first_heading(body: &str) -> Option<String> {
    let mut events = parser(body)
        .skip_while(|event| !matches!(event, Event::Start(Tag::Heading { level: HeadingLevel::H1, .. })));
    events.next()?;
    let mut text = String::new();
    for event in events {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            Event::End(TagEnd::Heading(_)) => break,
            _ => {}
        }
    }
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// One line of code, marked as such by backticks, which nothing else in a section's text is.
///
/// Where that cannot be, the code stays as plain text.
fn marked(code: &str) -> String {
    let bare = code.trim_end();
    if bare.trim().is_empty() || bare.contains(['`', '\n']) || bare.chars().count() > CODE_CHARS {
        return unmarked(bare);
    }
    format!("`{bare}`")
}

/// Text in which nothing looks like a mark of code.
fn unmarked(text: &str) -> String {
    text.replace('`', "'")
}

/// Collects text, section by section: plain but for code, which is marked.
#[derive(Default)]
struct Sections {
    done: Vec<Section>,
    heading: Option<String>,
    /// The finished paragraphs of the section.
    paragraphs: Vec<String>,
    /// The paragraph, list item or table row under way.
    line: String,
}

impl Sections {
    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = line.trim();
        if !line.is_empty() && line != "-" {
            self.paragraphs.push(line.to_owned());
        }
    }

    fn end_section(&mut self, next: Option<String>) {
        self.end_line();
        let heading = std::mem::replace(&mut self.heading, next);
        let mut text = String::new();
        let mut push = |text: &mut String| {
            if !text.is_empty() {
                self.done.push(Section { heading: heading.clone(), text: std::mem::take(text) });
            }
        };
        for paragraph in std::mem::take(&mut self.paragraphs).iter().flat_map(|whole| divide(whole)) {
            if !text.is_empty() && text.chars().count() + paragraph.chars().count() > SECTION_CHARS {
                push(&mut text);
            }
            if !text.is_empty() {
                text.push_str(if paragraph.starts_with("- ") { "\n" } else { "\n\n" });
            }
            text.push_str(paragraph);
        }
        push(&mut text);
    }
}

/// A paragraph in parts of at most a section's length, cut after a sentence where there is one.
fn divide(paragraph: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = paragraph;
    while let Some((end, _)) = rest.char_indices().nth(SECTION_CHARS) {
        let head = &rest[..end];
        let cut = [". ", "! ", "? ", "\n", " "]
            .iter()
            .find_map(|mark| head.rfind(mark).filter(|at| *at > end / 2).map(|at| at + mark.len()))
            .unwrap_or(end);
        parts.push(rest[..cut].trim_end());
        rest = rest[cut..].trim_start();
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

/// The sections of the text: each heading begins one, and a long one is divided at the ends of paragraphs.
///
/// Their text is plain, except that code stands between backticks, line by line. A heading that repeats `title`
/// is none.
pub(super) fn sections(title: &str, body: &str) -> Vec<Section> {
    let mut out = Sections::default();
    let mut heading: Option<String> = None;
    let mut code: Option<String> = None;
    for event in parser(body) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let text = heading.take().unwrap_or_default().trim().to_owned();
                let is_new = !text.is_empty() && text.to_lowercase() != title.to_lowercase();
                out.end_section(is_new.then_some(text));
            }
            Event::Text(text) => match (&mut heading, &mut code) {
                (Some(heading), _) => heading.push_str(&text),
                (None, Some(code)) => code.push_str(&text),
                (None, None) => out.line.push_str(&unmarked(&text)),
            },
            Event::Code(text) => match &mut heading {
                Some(heading) => heading.push_str(&text),
                None => out.line.push_str(&marked(&text)),
            },
            Event::SoftBreak => heading.as_mut().unwrap_or(&mut out.line).push(' '),
            Event::HardBreak => heading.as_mut().unwrap_or(&mut out.line).push('\n'),
            Event::Start(Tag::Item) => {
                out.end_line();
                out.line.push_str("- ");
            }
            Event::Start(Tag::CodeBlock(_)) => {
                out.end_line();
                code = Some(String::new());
            }
            Event::Start(Tag::List(_)) => out.end_line(),
            Event::End(TagEnd::TableCell) => out.line.push_str("  "),
            Event::End(TagEnd::CodeBlock) => {
                let lines: Vec<String> = code.take().unwrap_or_default().lines().map(marked).collect();
                out.line.push_str(&lines.join("\n"));
                out.end_line();
            }
            Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::TableRow | TagEnd::TableHead) => {
                out.end_line()
            }
            _ => {}
        }
    }
    out.end_section(None);
    out.done
}

/// The text without markup.
pub(super) fn plain(sections: &[Section]) -> String {
    let mut out = String::new();
    let mut last = None;
    for section in sections {
        if section.heading.is_some() && section.heading != last {
            out.push_str(section.heading.as_deref().unwrap_or_default());
            out.push('\n');
        }
        out.push_str(&section.text.replace('`', ""));
        out.push_str("\n\n");
        last.clone_from(&section.heading);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{first_heading, html, plain, sections};

    #[test]
    fn nothing_active_and_nothing_foreign_gets_through() {
        let text = "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n<iframe src=//evil.example></iframe>\n\n\
            ![pixel](https://evil.example/p.gif) ![p](//evil.example/p) ![p](/\\evil.example/p) ![p](data:image/svg+xml,x)\n\n\
            [a](javascript:alert(1)) [b](data:text/html,x) <a href=\"x\" onclick=\"y\">c</a>\n\n![outer ![in](/in.png)](http://evil.example/x)";
        let shown = html(text);
        for bad in
            ["<script", "onerror", "<iframe", "<img", "evil.example", "javascript:", "data:", "onclick"]
        {
            assert!(!shown.contains(bad), "{bad} in {shown}");
        }
        assert!(shown.contains("pixel"), "the description of an image stays: {shown}");
    }

    #[test]
    fn links_tables_code_and_own_images_are_shown() {
        let shown = html(
            "# T\n\n[go](https://example.com/a?b=1&c=2) ![plan](/files/plan.png)\n\n|a|b|\n|-|-|\n|1|2|\n\n```sh\nrun <x>\n```\n\n- [x] done",
        );
        for good in [
            "<h1>T</h1>",
            "href=\"https://example.com/a?b=1&amp;c=2\"",
            "rel=\"noopener noreferrer nofollow\"",
            "<img src=\"/files/plan.png\" alt=\"plan\">",
            "<td>1</td>",
            "run &lt;x&gt;",
            "type=\"checkbox\"",
        ] {
            assert!(shown.contains(good), "{good} not in {shown}");
        }
    }

    #[test]
    fn each_heading_begins_a_section_of_plain_text() {
        let found = sections(
            "Returns",
            "# Returns\n\nSend *it* back.\n\n## How `long`\n\n- 30 days\n- not more\n\n|a|b|\n|-|-|\n|1|2|\n\n## Empty\n",
        );
        let seen: Vec<(Option<&str>, &str)> =
            found.iter().map(|s| (s.heading.as_deref(), s.text.as_str())).collect();
        assert_eq!(
            seen,
            [(None, "Send it back."), (Some("How long"), "- 30 days\n- not more\n\na  b\n\n1  2")]
        );
    }

    #[test]
    fn code_stays_marked_in_sections_and_nothing_else_looks_like_it() {
        let found = sections(
            "T",
            "Type `a | b` or ``x`y`` \\` now.\n\n```sh\nrun *it*\n  then <this>\n\nend\n```\n\n- one `two`\n\n    three\n",
        );
        assert_eq!(
            found[0].text,
            "Type `a | b` or x'y ' now.\n\n`run *it*`\n`  then <this>`\n\n`end`\n- one `two`\n\nthree"
        );
        let long = "y".repeat(501);
        assert_eq!(sections("T", &format!("`{long}`"))[0].text, long);
        assert_eq!(plain(&found).matches('`').count(), 0);
    }

    #[test]
    fn a_long_section_is_divided_between_paragraphs_and_loses_nothing() {
        let paragraph = "One sentence of some words here. ".repeat(20);
        let endless = "word ".repeat(900);
        let unbroken = "x".repeat(3_000);
        let found = sections("T", &format!("## H\n\n{paragraph}\n\n{paragraph}\n\n{endless}\n\n{unbroken}"));
        assert!(found.len() > 5);
        assert!(found.iter().all(|s| s.heading.as_deref() == Some("H") && s.text.chars().count() <= 1_202));
        let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
        let kept: usize = found.iter().map(|s| letters(&s.text)).sum();
        assert_eq!(kept, letters(&paragraph) * 2 + letters(&endless) + letters(&unbroken));
    }

    #[test]
    fn the_first_heading_of_the_first_level_is_found() {
        assert_eq!(first_heading("text\n\n## no\n\n# The *one*\n\n# two").as_deref(), Some("The one"));
        assert_eq!(first_heading("## no"), None);
    }
}

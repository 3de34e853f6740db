//! How the text of a setting becomes its value, one type a kind.
//!
//! A kind is a marker: the table names it beside the field's type, and the compiler checks that the
//! two belong together.

use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;

use crate::problem::nearest;
use crate::secret::{MASK, Secret, SecretKey, mask_url};
use crate::shape::Shape;
use crate::urls::{BusUrl, DatabaseUrl, WebUrl};
use crate::words::Word;

/// A refused value: what to call it in the message, and what may have been meant.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) found: String,
    pub(crate) suggestion: Option<String>,
}

impl Refused {
    fn value(text: &str) -> Self {
        Self { found: quoted(text), suggestion: None }
    }

    fn word<T: Word>(text: &str) -> Self {
        let meant = nearest(text, T::NAMES.iter().copied());
        Self { found: quoted(text), suggestion: meant.map(str::to_owned) }
    }

    /// For values of which a part is secret: quoted only when masking can tell where that part is.
    fn guarded(text: &str) -> Self {
        if text.contains("://") || text.is_empty() {
            return Self::value(text);
        }
        Self { found: format!("{} characters without ://", text.chars().count()), suggestion: None }
    }
}

/// `text` in quotes, on one line, not too long, with passwords in URLs masked.
fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    let masked = mask_url(text);
    let short: String = masked.chars().take(LONGEST).collect();
    if short.len() < masked.len() { format!("{short:?}...") } else { format!("{short:?}") }
}

/// Reads and shows the values of a setting.
pub(crate) trait Kind {
    /// The type of the field.
    type Value;
    /// What values look like.
    const SHAPE: Shape;
    /// Whether a value is, or may contain, a secret.
    const SECRET: bool = false;

    /// The value when nobody set it and there is no default.
    fn absent() -> Option<Self::Value> {
        None
    }
    /// Reads trimmed text.
    fn parse(text: &str) -> Result<Self::Value, Refused>;
    /// The value for `config show`, secrets masked; `None` when it is absent.
    fn show(value: &Self::Value) -> Option<String>;
}

/// A setting that may be absent; empty text takes away what an earlier layer set.
pub(crate) struct Maybe<K>(PhantomData<K>);

impl<K: Kind> Kind for Maybe<K> {
    type Value = Option<K::Value>;
    const SHAPE: Shape = K::SHAPE;
    const SECRET: bool = K::SECRET;

    fn absent() -> Option<Self::Value> {
        Some(None)
    }
    fn parse(text: &str) -> Result<Self::Value, Refused> {
        if text.is_empty() { Ok(None) } else { K::parse(text).map(Some) }
    }
    fn show(value: &Self::Value) -> Option<String> {
        value.as_ref().and_then(K::show)
    }
}

macro_rules! kinds {
    ($($(#[$meta:meta])* $kind:ident -> $value:ty, $shape:expr, $secret:literal, $parse:expr, $show:expr;)+) => {$(
        $(#[$meta])*
        pub(crate) struct $kind;

        impl Kind for $kind {
            type Value = $value;
            const SHAPE: Shape = $shape;
            const SECRET: bool = $secret;

            fn parse(text: &str) -> Result<$value, Refused> {
                let parse: fn(&str) -> Result<$value, Refused> = $parse;
                parse(text)
            }
            fn show(value: &$value) -> Option<String> {
                let show: fn(&$value) -> String = $show;
                Some(show(value))
            }
        }
    )+};
}

fn waits(text: &str) -> Result<Vec<u64>, Refused> {
    let all: Option<Vec<u64>> = text
        .split(',')
        .filter(|part| !part.trim().is_empty())
        .map(|part| part.trim().parse().ok().filter(|wait| (1..=3600).contains(wait)))
        .collect();
    all.filter(|waits| waits.len() <= 10).ok_or_else(|| Refused::value(text))
}

fn name(text: &str) -> Result<String, Refused> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let good = (1..=40).contains(&text.len()) && text.bytes().all(fits);
    good.then(|| text.to_owned()).ok_or_else(|| Refused::value(text))
}

fn hidden<T>(_: &T) -> String {
    MASK.to_owned()
}

kinds! {
    /// Where to listen.
    Address -> SocketAddr, Shape::Address, false,
        |text| text.parse().map_err(|_| Refused::value(text)), SocketAddr::to_string;
    /// A web address without a path.
    Origin -> WebUrl, Shape::Origin, false,
        |text| WebUrl::origin(text).ok_or_else(|| Refused::value(text)), WebUrl::to_string;
    /// A web address.
    Endpoint -> WebUrl, Shape::Endpoint, false,
        |text| WebUrl::endpoint(text).ok_or_else(|| Refused::value(text)), WebUrl::to_string;
    /// A database.
    Database -> DatabaseUrl, Shape::Database, true,
        |text| DatabaseUrl::parse(text).ok_or_else(|| Refused::guarded(text)), DatabaseUrl::to_string;
    /// A bus.
    Bus -> BusUrl, Shape::Bus, false,
        |text| BusUrl::parse(text).ok_or_else(|| Refused::value(text)), BusUrl::to_string;
    /// A server that takes mail, with the user and password it wants.
    MailServer -> Secret, Shape::MailServer, true, mail_server, |url| mask_url(url.expose());
    /// An address that mail is from, with a name or without.
    Mailbox -> String, Shape::Mailbox, false, mailbox, String::clone;
    /// A file or folder.
    Path -> PathBuf, Shape::Path, false, path, |path| path.display().to_string();
    /// A name that fits everywhere.
    Name -> String, Shape::Name, false, name, String::clone;
    /// Text of any kind.
    Text -> String, Shape::Text, false, |text| Ok(text.to_owned()), String::clone;
    /// Text that is never shown.
    HiddenText -> Secret, Shape::Text, true, |text| Ok(Secret::new(text)), hidden;
    /// The installation's key.
    HiddenKey -> SecretKey, Shape::Key, true,
        |text| text.parse().map_err(|weak: crate::WeakKey| Refused { found: weak.to_string(), suggestion: None }),
        hidden;
    /// A share of a whole.
    Fraction -> f64, Shape::Fraction, false, fraction, f64::to_string;
    /// Some times to wait, in seconds.
    Waits -> Vec<u64>, Shape::Waits, false, waits, |waits| joined(waits.iter());
    /// Networks, by address and length.
    Networks -> Vec<IpNet>, Shape::Networks, false, networks, |nets| joined(nets.iter());
}

/// A whole number that may be large.
pub(crate) struct Whole<const MIN: u64, const MAX: u64>;

impl<const MIN: u64, const MAX: u64> Kind for Whole<MIN, MAX> {
    type Value = u64;
    const SHAPE: Shape = Shape::Whole { min: MIN, max: MAX };

    fn parse(text: &str) -> Result<u64, Refused> {
        let number = text.replace('_', "").parse().ok().filter(|number| (MIN..=MAX).contains(number));
        number.ok_or_else(|| Refused::value(text))
    }
    fn show(value: &u64) -> Option<String> {
        Some(value.to_string())
    }
}

/// A whole number of things.
pub(crate) struct Count<const MIN: u32, const MAX: u32>;

impl<const MIN: u32, const MAX: u32> Kind for Count<MIN, MAX> {
    type Value = u32;
    const SHAPE: Shape = Shape::Whole { min: MIN as u64, max: MAX as u64 };

    fn parse(text: &str) -> Result<u32, Refused> {
        let number = text.replace('_', "").parse().ok().filter(|number| (MIN..=MAX).contains(number));
        number.ok_or_else(|| Refused::value(text))
    }
    fn show(value: &u32) -> Option<String> {
        Some(value.to_string())
    }
}

/// One word out of a few.
pub(crate) struct Choice<T>(PhantomData<T>);

impl<T: Word + std::fmt::Display> Kind for Choice<T> {
    type Value = T;
    const SHAPE: Shape = Shape::Choice(T::NAMES);

    fn parse(text: &str) -> Result<T, Refused> {
        T::from_name(text).ok_or_else(|| Refused::word::<T>(text))
    }
    fn show(value: &T) -> Option<String> {
        Some(value.to_string())
    }
}

/// Some words out of a few, at least one.
pub(crate) struct List<T>(PhantomData<T>);

impl<T: Word + std::fmt::Display + Ord> Kind for List<T> {
    type Value = BTreeSet<T>;
    const SHAPE: Shape = Shape::List(T::NAMES);

    fn parse(text: &str) -> Result<BTreeSet<T>, Refused> {
        text.split(',')
            .map(str::trim)
            .map(|word| T::from_name(word).ok_or_else(|| Refused::word::<T>(word)))
            .collect()
    }
    fn show(value: &BTreeSet<T>) -> Option<String> {
        Some(joined(value.iter()))
    }
}

fn joined(items: impl Iterator<Item = impl ToString>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(",")
}

fn path(text: &str) -> Result<PathBuf, Refused> {
    if text.is_empty() || text.contains('\0') { Err(Refused::value(text)) } else { Ok(PathBuf::from(text)) }
}

fn fraction(text: &str) -> Result<f64, Refused> {
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| Refused::value(text))
}

fn networks(text: &str) -> Result<Vec<IpNet>, Refused> {
    let one = |part: &str| {
        let network = part.parse::<IpNet>().or_else(|_| part.parse::<IpAddr>().map(IpNet::from));
        network.map_err(|_| Refused::value(part))
    };
    if text.is_empty() { Ok(Vec::new()) } else { text.split(',').map(str::trim).map(one).collect() }
}

fn mail_server(text: &str) -> Result<Secret, Refused> {
    let good = url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "smtp" | "smtps") && url.host_str().is_some_and(|host| !host.is_empty())
    });
    if good { Ok(Secret::new(text)) } else { Err(Refused::guarded(text)) }
}

/// Only what a header needs in order not to be broken by it; whether the mailbox exists is for the server to say.
fn mailbox(text: &str) -> Result<String, Refused> {
    let address = match text.strip_suffix('>') {
        Some(named) => named.rsplit_once('<').map_or("", |(_, address)| address),
        None => text,
    };
    let good = address.rsplit_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
        && !address.contains([' ', '<', '>', ','])
        && !text.contains(char::is_control);
    if good { Ok(text.to_owned()) } else { Err(Refused::value(text)) }
}

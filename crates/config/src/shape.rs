//! What a setting is, as data: for messages, for `config show`, and for whoever generates a chart or a
//! page of documentation from the table.

/// One line of the table of settings.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The name, nested with dots: `log.format`.
    pub key: &'static str,
    /// What a value may be.
    pub shape: Shape,
    /// The default as one would write it; `None` when the setting is simply absent.
    pub default: Option<&'static str>,
    /// What the setting is for, in a sentence or two.
    pub doc: &'static str,
    /// Whether the value is, or may contain, a secret.
    pub secret: bool,
    /// A value that is allowed.
    pub example: &'static str,
}

impl Setting {
    /// The environment variable that sets it: `log.format` is `DESKHAND_LOG__FORMAT`.
    pub fn environment_name(&self) -> String {
        environment_name(self.key)
    }

    /// What is allowed, as the end of a sentence.
    pub fn allowed(&self) -> String {
        let allowed = self.shape.allowed();
        match self.shape {
            Shape::Choice(_) | Shape::List(_) | Shape::Key | Shape::Text | Shape::Database | Shape::Bus => {
                allowed
            }
            _ => format!("{allowed}, such as {}", self.example),
        }
    }
}

pub(crate) fn environment_name(key: &str) -> String {
    format!("DESKHAND_{}", key.replace('.', "__").to_uppercase())
}

/// What the values of a setting look like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// An IP address and a port.
    Address,
    /// Scheme, host and port of a web address, without a path.
    Origin,
    /// A web address, with a path or without.
    Endpoint,
    /// Where the database is.
    Database,
    /// Where the bus is.
    Bus,
    /// Where mail is handed over.
    MailServer,
    /// Whom mail is from.
    Mailbox,
    /// A file or folder.
    Path,
    /// Small letters, digits and hyphens.
    Name,
    /// Any text.
    Text,
    /// A key of 32 bytes or more.
    Key,
    /// A whole number within bounds, both included.
    Whole {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// A number from 0 to 1.
    Fraction,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// One or more of these words.
    List(&'static [&'static str]),
    /// Times to wait, in seconds.
    Waits,
    /// IP networks, none or more.
    Networks,
}

impl Shape {
    fn allowed(&self) -> String {
        match self {
            Self::Address => "an IP address and a port".into(),
            Self::Origin => "http:// or https:// with a host, and no path, user or query".into(),
            Self::Endpoint => "an http:// or https:// address without user or query".into(),
            Self::Database => "sqlite://PATH or postgres://USER:PASSWORD@HOST/DATABASE".into(),
            Self::Bus => "database:, kafka://HOST:PORT,... or nats://HOST:PORT".into(),
            Self::MailServer => "smtp:// or smtps:// with a host".into(),
            Self::Mailbox => "an e-mail address".into(),
            Self::Path => "a path".into(),
            Self::Name => "1 to 40 small letters, digits and hyphens".into(),
            Self::Text => "any text".into(),
            Self::Key => "32 bytes or more in base64 or hex, such as `openssl rand -base64 32` prints".into(),
            Self::Whole { min, max } => format!("a whole number from {min} to {max}"),
            Self::Fraction => "a number from 0 to 1".into(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::List(words) => format!("one or more of {}", words.join(", ")),
            Self::Waits => "up to 10 whole numbers of seconds, 1 to 3600 each, separated by commas".into(),
            Self::Networks => "IP addresses and networks, separated by commas".into(),
        }
    }
}

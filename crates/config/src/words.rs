//! The settings that are chosen from a few words.

use std::fmt;

/// A type whose values are a fixed set of words.
pub(crate) trait Word: Sized + Copy + 'static {
    /// The words, in the order of [`Word::ALL`].
    const NAMES: &'static [&'static str];
    /// The values.
    const ALL: &'static [Self];

    /// The value with this name.
    fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().position(|known| *known == name).and_then(|at| Self::ALL.get(at).copied())
    }
}

macro_rules! words {
    ($($(#[$meta:meta])* $type:ident { $($(#[$variant_meta:meta])* $variant:ident = $name:literal,)+ })+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $type {
            /// Every value, in the order in which they are listed.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word for it, as settings spell it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl Word for $type {
            const NAMES: &'static [&'static str] = &[$($name),+];
            const ALL: &'static [Self] = Self::ALL;
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}

impl Sasl {
    /// The mechanism's registered name.
    pub fn mechanism(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Scram256 => "SCRAM-SHA-256",
            Self::Scram512 => "SCRAM-SHA-512",
        }
    }
}

words! {
    /// A part of the binary that a process runs.
    Role {
        /// Serves the page and the widget's files, and sends the rest on to `api`.
        Web = "web",
        /// Answers programs, the page and visitors.
        Api = "api",
        /// Fetches what comes in from mailboxes and other channels that are polled.
        Channels = "channels",
        /// Moves events from the outbox to the bus.
        Relay = "relay",
        /// Fires reminders and recurrences that are due.
        Clock = "clock",
        /// Handles events, for the groups that `groups` names.
        Workers = "workers",
    }
    /// A group of workers: what one kind of consumer makes of the events.
    Group {
        /// The answering agent.
        Hand = "hand",
        /// Makes the next occurrence of a recurring task.
        Recurring = "recurring",
        /// Sends notifications.
        Notify = "notify",
        /// Writes the history.
        Audit = "audit",
        /// Tells open pages what changed.
        Live = "live",
        /// Calls other systems.
        Webhooks = "webhooks",
    }
    /// Whether something is.
    OnOff {
        /// It is not.
        Off = "off",
        /// It is.
        On = "on",
    }
    /// How user and password are proven to Kafka.
    Sasl {
        /// The password itself is sent; only with `tls`.
        Plain = "plain",
        /// SCRAM with SHA-256.
        Scram256 = "scram-sha-256",
        /// SCRAM with SHA-512.
        Scram512 = "scram-sha-512",
    }
    /// How a line of the log is written.
    LogFormat {
        /// An object a line, for a collector.
        Json = "json",
        /// Text, for a person at a terminal.
        Text = "text",
    }
    /// The least severe entry that is logged.
    LogLevel {
        /// Only what failed.
        Error = "error",
        /// And what may fail soon.
        Warn = "warn",
        /// And what an operator wants to follow.
        Info = "info",
        /// And what a developer wants to follow.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
    }
}

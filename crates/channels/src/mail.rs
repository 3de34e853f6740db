//! Mail that goes out through a server of the operator's choice.

use std::time::Duration;

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

/// How long the server may take for one mail, all in all.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A mail in plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The name of whom it is for.
    pub name: String,
    /// The address of whom it is for.
    pub address: String,
    /// The subject; line breaks and other control characters become spaces.
    pub subject: String,
    /// The text.
    pub text: String,
    /// What makes a repetition recognisable: the same mail has the same. Letters, digits and hyphens.
    pub id: String,
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The settings name no server that mail can be sent through.
    #[error("{0} is not usable")]
    Settings(&'static str, #[source] Box<dyn std::error::Error + Send + Sync>),
    /// The mail cannot be written down, for instance because of its address.
    #[error("the mail cannot be written")]
    Content(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server did not take it.
    #[error("the mail server did not take the mail")]
    Server(#[source] lettre::transport::smtp::Error),
    /// The server took too long.
    #[error("the mail server took longer than {} s", TIMEOUT.as_secs())]
    Slow,
}

impl Error {
    /// Whether this is the server's state and not about the mail: it cannot be reached, or serves nobody now.
    pub fn is_away(&self) -> bool {
        match self {
            Self::Settings(..) | Self::Content(_) => false,
            Self::Slow => true,
            // RFC 5321, 4.2.3: 421 is what a server says that is about to close, whatever it was asked.
            Self::Server(error) => error.status().map_or(!error.is_client(), |code| u16::from(code) == 421),
        }
    }
}

/// Sends mail through one server, from one address.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// What stands behind the @ in ids of mails.
    domain: String,
}

/// Text for a header: on one line, whatever is in it.
fn header(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Mailer {
    /// A mailer for the server at `url` (`smtp://` or `smtps://`), sending as `from` (`Name <address>`).
    ///
    /// Nothing is connected yet. Errors where either cannot be read.
    pub fn new(url: &str, from: &str) -> Result<Self, Error> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|error| Error::Settings("smtp.url", error.into()))?
            .timeout(Some(TIMEOUT))
            .build();
        let from: Mailbox = from
            .parse()
            .map_err(|error: lettre::address::AddressError| Error::Settings("smtp.from", error.into()))?;
        let domain = from.email.domain().to_owned();
        Ok(Self { transport, from, domain })
    }

    /// Sends `mail`; once this returns, the server has taken it on.
    pub async fn send(&self, mail: &Mail) -> Result<(), Error> {
        let message = self.message(mail)?;
        match tokio::time::timeout(TIMEOUT, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(Error::Server(error)),
            Err(_) => Err(Error::Slow),
        }
    }

    /// Errors where the server is not there to take mail. Nothing is sent.
    pub async fn reach(&self) -> Result<(), Error> {
        match tokio::time::timeout(TIMEOUT, self.transport.test_connection()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(Error::Server(error)),
            Err(_) => Err(Error::Slow),
        }
    }

    fn message(&self, mail: &Mail) -> Result<Message, Error> {
        let address: Address = mail
            .address
            .parse()
            .map_err(|error: lettre::address::AddressError| Error::Content(error.into()))?;
        let id: String = mail.id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        // RFC 3834: says that no person wrote it, so that absence notices are not sent back.
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(Some(header(&mail.name)), address))
            .subject(header(&mail.subject))
            .message_id(Some(format!("<{id}@{}>", self.domain)))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .singlepart(SinglePart::plain(mail.text.clone()))
            .map_err(|error| Error::Content(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Mail, Mailer};

    fn written(mail: &Mail) -> String {
        let mailer = Mailer::new("smtp://127.0.0.1:1", "Deskhand <desk@example.org>").unwrap();
        String::from_utf8(mailer.message(mail).unwrap().formatted()).unwrap()
    }

    fn mail() -> Mail {
        Mail {
            name: "Dana".to_owned(),
            address: "dana@example.org".to_owned(),
            subject: "Call Acme".to_owned(),
            text: "Due today".to_owned(),
            id: "0199".to_owned(),
        }
    }

    #[test]
    fn a_line_break_in_a_header_does_not_begin_another_one() {
        let bad = "Call\r\nBcc: all@example.org\r\n\r\nBuy this\u{85}\u{2028}now";
        let text = written(&Mail { subject: bad.to_owned(), name: bad.to_owned(), ..mail() });
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
        assert_eq!(body.trim(), "Due today");
    }

    #[test]
    fn the_same_mail_has_the_same_id_and_says_that_no_person_wrote_it() {
        let text = written(&mail());
        assert_eq!(text.matches("Message-ID: <0199@example.org>\r\n").count(), 1, "{text}");
        assert!(text.contains("Auto-Submitted: auto-generated\r\n"), "{text}");
        assert!(text.contains("To: Dana <dana@example.org>\r\n") || text.contains("To: \"Dana\""), "{text}");
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        let mailer = Mailer::new("smtp://127.0.0.1:1", "desk@example.org").unwrap();
        for bad in ["", "dana", "dana@example.org\r\nBcc: x@example.org", "a@b, c@d"] {
            assert!(mailer.message(&Mail { address: bad.to_owned(), ..mail() }).is_err(), "{bad}");
        }
        assert!(Mailer::new("http://127.0.0.1", "desk@example.org").is_err());
        assert!(Mailer::new("smtp://127.0.0.1", "desk").is_err());
    }
}

//! Where a webhook may lead, as far as can be told without asking a name server: that is done at every attempt, by who
//! sends, as a name can lead elsewhere the next moment.

use domain::network::may_reach;
use domain::text;
use ipnet::IpNet;
use url::{Host, Url};

/// The most characters of an address.
const LENGTH: usize = 2000;

/// The address as it is kept, or what is wrong with it.
pub(super) fn check(given: &str, allowed: &[IpNet]) -> Result<String, String> {
    let given = given.trim();
    let line = text::line(given, LENGTH).map_err(|error| error.to_string())?;
    let url = (line == given && !line.contains(' ')).then(|| Url::parse(given).ok()).flatten();
    let Some(url) = url.filter(Url::has_host) else {
        return Err("must be a web address, such as https://hooks.example.com/deskhand".to_owned());
    };
    let encrypted = match (url.scheme(), allowed) {
        ("https", _) => true,
        ("http", [_, ..]) => false,
        ("http", []) => return Err("must begin with https://".to_owned()),
        _ => return Err("must begin with https:// and name a host".to_owned()),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "must not hold a user or a password; receivers prove by the signature who sends".to_owned()
        );
    }
    if url.fragment().is_some() {
        return Err("must not have a part after #, which is never sent".to_owned());
    }
    let own = "leads into a private network; name it in the setting webhooks.allowed_networks to allow that";
    let fine = match url.host() {
        Some(Host::Ipv4(address)) => may_reach(address.into(), encrypted, allowed),
        Some(Host::Ipv6(address)) => may_reach(address.into(), encrypted, allowed),
        Some(Host::Domain(name)) => !allowed.is_empty() || is_public_name(name),
        None => false,
    };
    if fine { Ok(url.into()) } else { Err(own.to_owned()) }
}

/// Whether a name could be one of the public internet. Those without a dot, and those below `localhost`, are not.
fn is_public_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name.contains('.') && !name.ends_with(".localhost")
}

/// Scheme, host and port: what may be seen of an address where the rest may be a secret.
pub(super) fn origin(url: &str) -> String {
    Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{check, origin};

    #[test]
    fn an_address_of_the_public_internet_is_kept_as_it_will_be_sent_to() {
        for (given, kept) in [
            (" https://hooks.example.com/a?b=c ", "https://hooks.example.com/a?b=c"),
            ("https://hooks.example.com", "https://hooks.example.com/"),
            ("HTTPS://Hooks.Example.COM:8443/A", "https://hooks.example.com:8443/A"),
            ("https://bücher.example/", "https://xn--bcher-kva.example/"),
            ("https://93.184.216.34/", "https://93.184.216.34/"),
        ] {
            assert_eq!(check(given, &[]).as_deref(), Ok(kept));
        }
    }

    #[test]
    fn an_own_address_is_refused_however_it_is_spelled() {
        for host in [
            "127.0.0.1",
            "127.1",
            "0x7f.1",
            "0x7f000001",
            "2130706433",
            "017700000001",
            "0177.0.0.1",
            "127.0.0.1.",
            "①②⑦.⓪.⓪.①",
            "0",
            "0.0.0.0",
            "10.0.0.1",
            "192.168.1.1",
            "172.16.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[fe80::1]",
            "[fd00::1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a.localhost",
            "intranet",
            "224.0.0.1",
            "255.255.255.255",
        ] {
            let refused = check(&format!("https://{host}/hook"), &[]).unwrap_err();
            assert!(refused.contains("webhooks.allowed_networks"), "{host}: {refused}");
        }
    }

    #[test]
    fn an_allowed_network_opens_itself_and_nothing_else() {
        let allowed = ["10.20.0.0/16".parse().unwrap()];
        for fine in
            ["https://10.20.1.1/", "http://10.20.1.1:8080/", "http://intranet/hook", "https://a.example/"]
        {
            assert!(check(fine, &allowed).is_ok(), "{fine}");
        }
        for bad in ["https://10.21.1.1/", "http://127.0.0.1/", "http://93.184.216.34/"] {
            assert!(check(bad, &allowed).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_no_address_for_a_webhook_is_refused() {
        for bad in [
            "",
            "hooks.example.com",
            "http://hooks.example.com/",
            "ftp://hooks.example.com/",
            "https://",
            "https:///a",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://user@hooks.example.com/",
            "https://:p@a.example/",
            "https://a.example/#part",
            "https://a.example/ b",
            "https://a.exa\u{200B}mple/",
            "https://a.example/\n",
            "https://a.example\\@b.example/\u{0}",
        ] {
            // A line break at the end is only trimmed.
            assert!(check(bad, &[]).is_err() || bad.ends_with('\n'), "{bad:?}");
        }
        assert!(check(&format!("https://a.example/{}", "a".repeat(2000)), &[]).is_err());
    }

    #[test]
    fn an_origin_holds_nothing_that_could_be_a_secret() {
        assert_eq!(origin("https://hooks.example.com/services/T0/SECRET?key=1"), "https://hooks.example.com");
        assert_eq!(origin("http://10.20.1.1:8080/x"), "http://10.20.1.1:8080");
    }
}

//! Passwords, keys and tokens that anybody can read who can read the manifests.
//!
//! No value is ever shown.

use serde_json::Value;

use super::value::{items, text};
use super::world::{World, name_of};
use super::{Found, Says, Severity, at, then};
use crate::manifests::Object;

/// Words in a name by which its value is a secret.
const WORDS: &[&str] = &[
    "PASSWORD",
    "PASSWD",
    "SECRET",
    "TOKEN",
    "API_KEY",
    "APIKEY",
    "ACCESS_KEY",
    "PRIVATE_KEY",
    "CREDENTIAL",
    "CLIENT_KEY",
    "ENCRYPTION_KEY",
];
/// Words by which it only says where the secret is, or something about it.
const ABOUT: &[&str] = &[
    "FILE",
    "PATH",
    "DIR",
    "NAME",
    "URL",
    "URI",
    "ENDPOINT",
    "LENGTH",
    "EXPIR",
    "TTL",
    "TIMEOUT",
    "ENABLE",
    "DISABLE",
    "TYPE",
    "MODE",
    "ISSUER",
    "AUDIENCE",
    "HEADER",
    "REF",
    "_ID",
    "REQUIRE",
    "ALLOW",
    "POLICY",
    "MAX",
    "MIN",
    "LIMIT",
    "COUNT",
    "PUBLIC",
    "KEYID",
    "VERSION",
    "STORE",
    "REVIEW",
    "NAMESPACE",
    "INTERVAL",
    "ALGORITHM",
];

pub(super) fn check(world: &World<'_>, found: &mut Found) {
    for workload in world.workloads.iter().filter(|workload| !workload.is_made) {
        for (container, pointer) in workload.all() {
            for (index, variable) in items(container, "/env").iter().enumerate() {
                let (Some(name), Some(value)) = (text(variable, "/name"), text(variable, "/value")) else {
                    continue;
                };
                if is_secret(name, value) {
                    let place = format!("{pointer}/env/{index}");
                    plain(
                        world,
                        found,
                        (workload.object, &place),
                        &format!("the variable {name} of container {}", name_of(container)),
                    );
                }
            }
            for list in ["args", "command"] {
                for (index, argument) in items(container, &format!("/{list}")).iter().enumerate() {
                    let argument = argument.as_str().unwrap_or_default();
                    let (flag, value) = argument.split_once('=').unwrap_or(("", argument));
                    let name = flag.trim_start_matches('-').replace('-', "_");
                    if !argument.contains('\n')
                        && (has_credentials(value) || (!name.is_empty() && is_secret(&name, value)))
                    {
                        let place = format!("{pointer}/{list}/{index}");
                        plain(
                            world,
                            found,
                            (workload.object, &place),
                            &format!("an argument of container {}", name_of(container)),
                        );
                    }
                }
            }
        }
    }
    for map in world.of_kind("ConfigMap") {
        let data = map.value.get("data").and_then(Value::as_object);
        for (key, value) in data.into_iter().flatten() {
            let value = value.as_str().unwrap_or_default();
            if is_secret(key, value) {
                let pointer = format!("/data/{}", key.replace('~', "~0").replace('/', "~1"));
                plain(world, found, (map, &pointer), &format!("the key {key}, in a ConfigMap,"));
            }
        }
    }
    for secret in world.of_kind("Secret") {
        written(world, found, secret);
    }
}

/// Whether a name and a value are those of a secret that stands there as it is.
fn is_secret(name: &str, value: &str) -> bool {
    let value = value.trim();
    // References of shells, of Kubernetes and of templates, and what is filled in later.
    let is_reference =
        value.starts_with(['$', '/', '{', '<', '%']) || value.starts_with("vault:") || value.contains("${");
    if value.is_empty() || is_reference || value.contains('\n') {
        return false;
    }
    if has_credentials(value) {
        return true;
    }
    let upper = name.to_uppercase().replace(['-', '.'], "_");
    let is_word = WORDS.iter().any(|word| upper.contains(word))
        || upper == "PGPASS"
        || upper.ends_with("_PASS")
        || upper.ends_with("_PWD");
    let is_about = ABOUT.iter().any(|word| upper.contains(word));
    let is_plain = matches!(value.to_lowercase().as_str(), "true" | "false" | "yes" | "no" | "none" | "null");
    let is_number = value.parse::<f64>().is_ok() && value.len() < 6;
    is_word && !is_about && !is_plain && !is_number && !value.contains(' ') && !value.contains("://")
}

/// Whether an address has a password in it: `scheme://user:password@host`.
fn has_credentials(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#', ' ', '\n']).next().unwrap_or_default();
    let Some((user, _)) = authority.rsplit_once('@') else { return false };
    let password = user.split_once(':').map(|(_, password)| password).unwrap_or_default();
    let is_reference = password.starts_with(['$', '<', '{', '%'])
        || password.contains("$(")
        || password.chars().all(|letter| letter == '*');
    scheme.len() < 40 && !password.is_empty() && !is_reference
}

fn plain(world: &World<'_>, found: &mut Found, place: (&Object, &str), what: &str) {
    let says = Says {
        what: format!("{what} holds a secret in plain sight"),
        remedy: "put it into a Secret that is made outside of the manifests, and refer to it by secretKeyRef"
            .to_owned(),
        timeline: vec![
            at(
                0,
                "the manifests are put where people and programs read them: a repository, a release of Helm, kubectl get",
            ),
            then("whoever may read them has the secret; it is in every copy and every log of a change"),
            then("changing it here does not make it secret again: the old one is in the history"),
        ],
    };
    found.add(world, ("secret-in-plain-sight", Severity::Error), place, says);
}

/// Whether an entry of a Secret opens anything: settings are kept in Secrets, too.
fn is_key_to_something(key: &str, value: &str) -> bool {
    /// `-----BEGIN CERTIFICATE`, which anybody may see, and what every such file begins with, in base64.
    const CERTIFICATE: [&str; 2] = ["-----BEGIN CERT", "LS0tLS1CRUdJTiBDRVJU"];
    const PEM: [&str; 2] = ["-----BEGIN", "LS0tLS1CRUdJTi"];
    let begins = |with: &[&str]| with.iter().any(|beginning| value.starts_with(beginning));
    if begins(&PEM) {
        return !begins(&CERTIFICATE);
    }
    let upper = key.to_uppercase().replace(['-', '.'], "_");
    let words = ["PASS", "PWD", "AUTH", "KEY", "DOCKERCONFIG", "SALT", "CREDENTIALS", "DATABASE_URL", "DSN"];
    let is_file =
        ["_INI", "_YAML", "_YML", "_CONF", "_TMPL", "_JSON"].iter().any(|ending| upper.ends_with(ending));
    has_credentials(value)
        || (!is_file || upper.contains("DOCKERCONFIG"))
            && (WORDS.iter().chain(&words).any(|word| upper.contains(word)))
}

/// A Secret whose values are written out. Base64 hides nothing.
fn written(world: &World<'_>, found: &mut Found, secret: &Object) {
    let kind = text(&secret.value, "/type").unwrap_or("Opaque");
    if kind == "kubernetes.io/service-account-token" || kind.starts_with("helm.sh/") {
        return;
    }
    let is_some = |(key, value): &(&String, &Value)| {
        let value = value.as_str().unwrap_or_default().trim();
        !value.is_empty() && !value.starts_with(['$', '<', '{']) && is_key_to_something(key, value)
    };
    let mut keys: Vec<&str> = Vec::new();
    for list in ["data", "stringData"] {
        let data = secret.value.get(list).and_then(Value::as_object);
        keys.extend(data.into_iter().flatten().filter(is_some).map(|(key, _)| key.as_str()));
    }
    if keys.is_empty() {
        return;
    }
    let says = Says {
        what: format!("the values of {} are written out; base64 hides nothing", super::value::listed(&keys)),
        remedy: "make it outside of the manifests, or by something that encrypts it, such as SealedSecret or ExternalSecret".to_owned(),
        timeline: vec![
            at(0, "the manifests are put into a repository, or into a release of Helm"),
            then("whoever may read them has the values"),
            then("the next time that they are applied, a value that was changed in the cluster is what it was"),
        ],
    };
    found.add(world, ("secret-in-manifest", Severity::Warning), (secret, "/data"), says);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_name_and_not_by_what_only_speaks_of_them() {
        for (name, value) in [
            ("DB_PASSWORD", "hunter2"),
            ("STRIPE_API_KEY", "sk_live_1"),
            ("DATABASE_URL", "postgres://me:hunter2@db/desk"),
            ("client-secret", "abc123"),
        ] {
            assert!(is_secret(name, value), "{name}");
        }
        for (name, value) in [
            ("DB_PASSWORD", ""),
            ("DB_PASSWORD", "$(FROM_ELSEWHERE)"),
            ("DB_PASSWORD_FILE", "/run/secrets/db"),
            ("TOKEN_TTL", "3600"),
            ("DATABASE_URL", "postgres://me:$(PASSWORD)@db/desk"),
            ("DATABASE_URL", "postgres://me@db/desk"),
            ("ENABLE_SECRETS", "true"),
            ("MAX_TOKENS", "8192"),
        ] {
            assert!(!is_secret(name, value), "{name}={value}");
        }
    }
}

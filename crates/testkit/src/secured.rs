//! What servers and those who speak to them prove themselves with: certificates, and NATS credentials.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer};
use serde_json::{Value, json};

/// A certificate for this machine, its key, and the authority that has signed it; in PEM.
pub(crate) struct Certificates {
    authority: String,
    certificate: String,
    key: String,
}

impl Certificates {
    /// The name of the authority's file.
    pub(crate) const CA: &str = "ca.pem";

    pub(crate) fn new() -> Self {
        let mut authority = CertificateParams::new(Vec::new()).expect("no names");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // One that has the name of what it signs would count as signed by itself.
        authority.distinguished_name.push(DnType::CommonName, "An authority for tests");
        let authority_key = rcgen::KeyPair::generate().expect("a key");
        let signed = authority.self_signed(&authority_key).expect("the authority");
        let issuer = Issuer::new(authority, authority_key);
        let key = rcgen::KeyPair::generate().expect("a key");
        let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let certificate = CertificateParams::new(names).expect("names").signed_by(&key, &issuer);
        Self {
            authority: signed.pem(),
            certificate: certificate.expect("a certificate").pem(),
            key: key.serialize_pem(),
        }
    }

    /// Writes `ca.pem`, `server.pem`, `server.key`, and the last two in one file, `both.pem`.
    pub(crate) fn write(&self, folder: &Path) {
        let both = format!("{}{}", self.key, self.certificate);
        let files = [
            (Self::CA, &self.authority),
            ("server.pem", &self.certificate),
            ("server.key", &self.key),
            ("both.pem", &both),
        ];
        for (name, text) in files {
            fs::write(folder.join(name), text).expect("a certificate is written");
        }
    }
}

/// The operator of a NATS server, its own account and one that may use JetStream, and a user of that.
pub(crate) struct Credentials {
    operator: KeyPair,
    system: KeyPair,
    account: KeyPair,
    user: KeyPair,
}

impl Credentials {
    pub(crate) fn new() -> Self {
        Self {
            operator: KeyPair::new_operator(),
            system: KeyPair::new_account(),
            account: KeyPair::new_account(),
            user: KeyPair::new_user(),
        }
    }

    /// The settings of a server that trusts the operator and knows the account.
    pub(crate) fn of_the_server(&self) -> String {
        let operator = token(&self.operator, &self.operator, &json!({"type": "operator", "version": 2}));
        let limits = json!({
            "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1,
            "leaf": -1,
        });
        // A system account may not store anything.
        let mut storing = limits.clone();
        for limit in ["mem_storage", "disk_storage", "streams", "consumer"] {
            storing[limit] = json!(-1);
        }
        let account = |key: &KeyPair, limits: &Value| {
            let claims = json!({"type": "account", "version": 2, "limits": limits});
            format!("{}: {}", key.public_key(), token(&self.operator, key, &claims))
        };
        let (system, ours) = (account(&self.system, &limits), account(&self.account, &storing));
        format!(
            "operator: {operator}\nsystem_account: {}\nresolver: MEMORY\nresolver_preload: {{ {system}, {ours} }}\n",
            self.system.public_key()
        )
    }

    /// The file that the user signs in with.
    pub(crate) fn of_the_user(&self) -> String {
        let claims = json!({"type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1});
        let token = token(&self.account, &self.user, &claims);
        let seed = self.user.seed().expect("a key of its own");
        format!(
            "-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n\
             -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
        )
    }
}

/// A token in which `issuer` says `claims` of `subject` (NATS JWT, version 2).
fn token(issuer: &KeyPair, subject: &KeyPair, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = part(&json!({"typ": "JWT", "alg": "ed25519-nkey"}));
    let body = part(&json!({
        "jti": subject.public_key(), "iat": 1_700_000_000, "name": "deskhand-test",
        "iss": issuer.public_key(), "sub": subject.public_key(), "nats": claims,
    }));
    let signed = format!("{head}.{body}");
    let signature = issuer.sign(signed.as_bytes()).expect("a signature");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

//! Signatures, by the Standard Webhooks specification: HMAC-SHA256 of id, timestamp and body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

/// The signatures with each of `keys`, as the header holds them.
pub(super) fn header(keys: &[Vec<u8>], id: &str, seconds: i64, body: &str) -> String {
    let signed = format!("{id}.{seconds}.{body}");
    let sign = |key: &Vec<u8>| {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), signed.as_bytes());
        format!("v1,{}", STANDARD.encode(tag))
    };
    keys.iter().map(sign).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::header;

    /// The example that the libraries of the specification are tested with.
    #[test]
    fn the_published_example_is_signed_as_published() {
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", r#"{"test": 2432232314}"#);
        let signed = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(header(std::slice::from_ref(&key), id, 1_614_265_330, body), signed);
        let two = header(&[b"another key, for a while".to_vec(), key], id, 1_614_265_330, body);
        assert!(two.starts_with("v1,") && two.ends_with(&format!(" {signed}")), "{two}");
    }
}

//! Live sockets through this process: bytes pass in both directions as they are.
//!
//! Of what the api says only the frames' lengths are read, so that this process can say a word of its own between two of
//! them: that it ends, or that the api is gone, and that the client shall come back.

use std::io;
use std::pin::pin;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use prometheus::IntGauge;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{Front, away, forward, headers};
use crate::problem::ApiError;

/// How long the api may be silent: it asks every 20 s whether the other side is there.
const SILENCE: Duration = Duration::from_secs(60);
/// How long the client may take to close a socket that it was told to.
const FAREWELL: Duration = Duration::from_secs(2);
/// How much is passed on at once, in bytes.
const BUFFER: usize = 8 * 1024;

/// A frame that closes with code 1012 and the reason "come back".
const COME_BACK: &[u8] = b"\x88\x0b\x03\xf4come back";

fn has_word(headers: &HeaderMap, name: header::HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(word))
}

fn wants_socket(parts: &Parts) -> bool {
    parts.method == Method::GET
        && has_word(&parts.headers, header::CONNECTION, "upgrade")
        && has_word(&parts.headers, header::UPGRADE, "websocket")
}

/// Asks for a WebSocket on both sides of this process.
fn ask(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
}

/// Opens a socket to the api, and passes on what is said where it takes it. What asks for none, or for something else
/// than a WebSocket, is a request like others.
pub(super) async fn open(
    State(front): State<Front>,
    mut request: Request,
) -> Result<Response<Body>, ApiError> {
    let client = hyper::upgrade::on(&mut request);
    let (parts, body) = request.into_parts();
    if !wants_socket(&parts) {
        return forward::request(State(front), Request::from_parts(parts, body)).await;
    }
    if !body.is_end_stream() {
        return Err(away::refused("who asks for a socket sends no body"));
    }
    let url = forward::target(&front, &parts.uri)?;
    let mut asked = headers::of_request(&front, &parts)?;
    ask(&mut asked);
    let answer = forward::send(&front, parts.method, url, asked, Body::empty()).await?;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(forward::pass_back(answer));
    }
    if !has_word(answer.headers(), header::UPGRADE, "websocket") {
        return Err(away::cut_off());
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.headers_mut().clone_from(answer.headers());
    headers::of_answer(response.headers_mut());
    ask(response.headers_mut());
    let shared = front.clone();
    front.0.sockets.spawn(async move {
        // Who is gone before it began has nothing to be told.
        let (Ok(client), Ok(api)) = tokio::join!(client, answer.upgrade()) else { return };
        let _counted = Counted::new(&shared.0.metrics.live_connections);
        if let Err(error) = pass_on(TokioIo::new(client), api, shared.0.health.drain()).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "a socket was cut");
        }
    });
    Ok(response)
}

/// A socket that is counted as long as it is open.
struct Counted(IntGauge);

impl Counted {
    fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Passes bytes on until one of the two is gone, or the process drains.
async fn pass_on(
    client: impl AsyncRead + AsyncWrite,
    api: impl AsyncRead + AsyncWrite,
    drain: &CancellationToken,
) -> io::Result<()> {
    let (from_client, to_client) = tokio::io::split(client);
    let (from_api, to_api) = tokio::io::split(api);
    let mut up = pin!(up(from_client, to_api));
    let mut down = pin!(down(from_api, to_client, drain));
    tokio::select! {
        ended = &mut down => {
            // What the client says to its end is read, so that it hears the last word: who closes a connection with
            // something unread in it takes back what was sent.
            let _ = timeout(FAREWELL, up).await;
            ended
        }
        ended = &mut up => {
            let _ = timeout(FAREWELL, down).await;
            ended
        }
    }
}

/// From the client to the api. An api that is gone does not end it: the client may have yet to read why.
async fn up(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    let mut is_there = true;
    loop {
        let read = from.read(&mut buffer).await?;
        let bytes = buffer.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            return if is_there { to.shutdown().await } else { Ok(()) };
        }
        is_there = is_there && to.write_all(bytes).await.is_ok();
    }
}

/// From the api to the client, with the word that it shall come back where the process ends or the api is gone.
async fn down(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    drain: &CancellationToken,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    let mut frames = Frames::default();
    while !drain.is_cancelled() || !frames.is_between() {
        let read = tokio::select! {
            () = drain.cancelled(), if frames.is_between() => break,
            read = timeout(SILENCE, from.read(&mut buffer)) => read,
        };
        let Ok(Ok(read @ 1..)) = read else { break };
        let bytes = buffer.get(..read).unwrap_or_default();
        let taken = frames.pass(bytes, drain.is_cancelled());
        to.write_all(bytes.get(..taken).unwrap_or_default()).await?;
    }
    if !frames.is_between() || frames.is_closed() {
        return to.shutdown().await;
    }
    to.write_all(COME_BACK).await?;
    to.flush().await?;
    // The client answers, the api hears that and goes. What it says until then comes again when the client does.
    let end = Instant::now() + FAREWELL;
    while let Ok(Ok(1..)) = timeout_at(end, from.read(&mut buffer)).await {}
    to.shutdown().await
}

/// Where frames begin and end (RFC 6455, section 5.2), in what comes piece by piece.
#[derive(Debug, Default)]
struct Frames {
    /// What has come of the head of a frame.
    head: Vec<u8>,
    /// How many bytes of the frame's payload have yet to come.
    rest: u64,
    /// A frame has come that closes the socket.
    closed: bool,
}

impl Frames {
    /// Whether what has come so far ends with a frame.
    fn is_between(&self) -> bool {
        self.head.is_empty() && self.rest == 0
    }

    fn is_closed(&self) -> bool {
        self.closed
    }

    /// Reads over `bytes`, all of them, or to the end of a frame where it shall `stop` there. Gives how many.
    fn pass(&mut self, bytes: &[u8], stop: bool) -> usize {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if stop && at > 0 && self.is_between() {
                break;
            }
            if self.rest > 0 {
                let left = u64::try_from(bytes.len() - at).unwrap_or(u64::MAX);
                let skipped = self.rest.min(left);
                self.rest -= skipped;
                at += usize::try_from(skipped).unwrap_or(usize::MAX);
                continue;
            }
            self.head.push(*byte);
            at += 1;
            self.begin();
        }
        at
    }

    /// Begins the payload where the head is whole.
    fn begin(&mut self) {
        let [first, second, more @ ..] = self.head.as_slice() else { return };
        let (size, mask) = (second & 0x7f, usize::from(second >> 7) * 4);
        let width = match size {
            127 => 8,
            126 => 2,
            _ => 0,
        };
        if more.len() < width + mask {
            return;
        }
        let long = more.iter().take(width).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        self.rest = if width == 0 { u64::from(size) } else { long };
        self.closed |= first & 0x0f == 0x08;
        self.head.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text frames of these lengths, one after the other, and where each ends.
    fn frames(lengths: &[usize]) -> (Vec<u8>, Vec<usize>) {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for length in lengths {
            bytes.push(0x81);
            match length {
                0..=125 => bytes.push(u8::try_from(*length).unwrap()),
                126..=65_535 => {
                    bytes.push(126);
                    bytes.extend(u16::try_from(*length).unwrap().to_be_bytes());
                }
                _ => {
                    bytes.push(127);
                    bytes.extend(u64::try_from(*length).unwrap().to_be_bytes());
                }
            }
            bytes.extend(std::iter::repeat_n(0x88, *length));
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    #[test]
    fn frames_are_told_apart_in_pieces_of_any_size() {
        let (bytes, ends) = frames(&[0, 1, 125, 126, 300, 65_535, 65_536, 70_000, 5]);
        for size in [1, 2, 3, 7, 100, 4_096, bytes.len()] {
            let mut frames = Frames::default();
            let mut at = 0;
            for piece in bytes.chunks(size) {
                assert_eq!(frames.pass(piece, false), piece.len());
                at += piece.len();
                assert_eq!(frames.is_between(), ends.contains(&at), "pieces of {size}, at {at}");
            }
            assert!(!frames.is_closed(), "a payload is no head");
        }
    }

    #[test]
    fn who_stops_does_so_at_the_end_of_the_frame_that_has_begun() {
        let (bytes, ends) = frames(&[10, 300, 20]);
        for begun in 1..ends[0] {
            let mut frames = Frames::default();
            frames.pass(&bytes[..begun], false);
            assert_eq!(begun + frames.pass(&bytes[begun..], true), ends[0]);
            assert!(frames.is_between());
        }
    }

    #[test]
    fn a_frame_that_closes_is_noticed() {
        let mut frames = Frames::default();
        frames.pass(COME_BACK, false);
        assert!(frames.is_closed() && frames.is_between());
    }

    #[tokio::test]
    async fn a_process_that_drains_finishes_the_frame_and_tells_the_client_to_come_back() {
        let (bytes, _) = frames(&[300, 5]);
        let (mut client, here) = tokio::io::duplex(4_096);
        let (there, mut api) = tokio::io::duplex(4_096);
        let drain = CancellationToken::new();
        let passing = pass_on(here, there, &drain);
        let talking = async {
            api.write_all(&bytes[..100]).await.unwrap();
            let mut heard = vec![0; 100];
            client.read_exact(&mut heard).await.unwrap();
            drain.cancel();
            api.write_all(&bytes[100..]).await.unwrap();
            let mut rest = vec![0; 204 + COME_BACK.len()];
            client.read_exact(&mut rest).await.unwrap();
            heard.extend(rest);
            assert_eq!(heard, [&bytes[..304], COME_BACK].concat());
            // The client's answer still reaches the api.
            client.write_all(b"bye").await.unwrap();
            let mut bye = [0; 3];
            api.read_exact(&mut bye).await.unwrap();
            assert_eq!(&bye, b"bye");
            drop(api);
            assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0);
            drop(client);
        };
        let (passed, ()) = tokio::join!(passing, talking);
        passed.unwrap();
    }

    #[tokio::test]
    async fn who_loses_the_api_is_told_to_come_back_and_who_was_told_by_the_api_only_once() {
        for (said, expected) in [
            (&b"\x81\x02hi"[..], [&b"\x81\x02hi"[..], COME_BACK].concat()),
            (COME_BACK, COME_BACK.to_vec()),
            (&b"\x81\x09hi"[..], b"\x81\x09hi".to_vec()),
        ] {
            let (mut client, here) = tokio::io::duplex(64);
            let (there, mut api) = tokio::io::duplex(64);
            let drain = CancellationToken::new();
            let talking = async {
                api.write_all(said).await.unwrap();
                drop(api);
                let mut heard = Vec::new();
                client.read_to_end(&mut heard).await.unwrap();
                assert_eq!(heard, expected);
                drop(client);
            };
            let (passed, ()) = tokio::join!(pass_on(here, there, &drain), talking);
            passed.unwrap();
        }
    }
}

//! Live sockets, as a page or a widget has them.

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::program::PATIENCE;

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// Opens a live socket that begins with `start`.
pub(crate) async fn open(url: &str, path: &str, token: &str, start: &Value) -> Socket {
    try_open(url, path, token, start).await.unwrap()
}

/// Errors where nobody is there, or whoever is does not open it.
pub(crate) async fn try_open(url: &str, path: &str, token: &str, start: &Value) -> Result<Socket, Error> {
    let mut request = format!("{}{path}", url.replace("http://", "ws://")).into_client_request().unwrap();
    if !token.is_empty() {
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    let (mut socket, _) = connect_async(request).await?;
    socket.send(Message::text(start.to_string())).await?;
    Ok(socket)
}

/// What comes next: a frame, or the code that the socket is closed with.
pub(crate) async fn next(socket: &mut Socket) -> Result<Value, Option<u16>> {
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("a frame in time");
        match message {
            Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(frame))) => return Err(frame.map(|frame| frame.code.into())),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(None),
        }
    }
}

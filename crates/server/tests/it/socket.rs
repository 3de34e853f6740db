//! A live socket, as a page or a widget holds it.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::people::Person;

/// How long a frame may take.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Where to go on from.
    pub(crate) cursor: String,
    /// The last frame that was heard.
    pub(crate) last: Value,
}

impl Socket {
    async fn open(person: &Person, path: &str, origin: Option<&str>) -> Result<Self, Error> {
        let url = format!("{}{path}", person.url.replace("http://", "ws://"));
        let mut request = url.into_client_request().unwrap();
        if let Some((name, value)) = &person.credentials {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        let (stream, _) = connect_async(request).await?;
        Ok(Self { stream, cursor: String::new(), last: Value::Null })
    }

    /// A member's socket that has begun.
    pub(crate) async fn member(person: &Person) -> Self {
        Self::open(person, "/api/v1/live", None).await.unwrap().begun(Value::Null).await
    }

    /// The same, from a page of that origin.
    pub(crate) async fn member_from(person: &Person, origin: &str) -> Self {
        Self::open(person, "/api/v1/live", Some(origin)).await.unwrap().begun(Value::Null).await
    }

    /// A member's socket that goes on from `cursor`.
    pub(crate) async fn resumed(person: &Person, cursor: &str) -> Self {
        Self::open(person, "/api/v1/live", None).await.unwrap().begun(json!(cursor)).await
    }

    async fn begun(mut self, cursor: Value) -> Self {
        self.say(&json!({"type": "start", "cursor": cursor})).await;
        let hello = self.next().await;
        assert_eq!(hello["type"], "hello", "{hello}");
        self.cursor = hello["cursor"].as_str().unwrap().to_owned();
        self
    }

    /// A member's socket that has said `start`, unless it is refused at once.
    pub(crate) async fn perhaps(person: &Person) -> Option<Self> {
        match Self::open(person, "/api/v1/live", None).await {
            Ok(mut socket) => {
                socket.say(&json!({"type": "start"})).await;
                Some(socket)
            }
            Err(Error::Http(answer)) => {
                assert_eq!(answer.status().as_u16(), 401);
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// The status with which a member's socket is refused.
    pub(crate) async fn refusal(person: &Person, origin: Option<&str>) -> u16 {
        match Self::open(person, "/api/v1/live", origin).await {
            Err(Error::Http(answer)) => answer.status().as_u16(),
            Err(error) => panic!("{error}"),
            Ok(_) => 101,
        }
    }

    /// A visitor's socket that has said `start`.
    pub(crate) async fn visitor(person: &Person, origin: Option<&str>, start: &Value) -> Self {
        let nobody = person.without_credentials();
        let mut socket = Self::open(&nobody, "/widget/v1/live", origin).await.unwrap();
        socket.say(start).await;
        socket
    }

    pub(crate) async fn say(&mut self, frame: &Value) {
        self.raw(Message::text(frame.to_string())).await;
    }

    pub(crate) async fn raw(&mut self, message: Message) {
        self.stream.send(message).await.unwrap();
    }

    fn heard(&mut self, text: &str) -> Value {
        let frame: Value = serde_json::from_str(text).unwrap();
        if let Some(cursor) = frame["cursor"].as_str() {
            self.cursor = cursor.to_owned();
        }
        self.last = frame.clone();
        frame
    }

    /// The next frame but pings; panics where the socket closes.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.stream.next()).await.expect("a frame in time");
            let message = message.expect("the socket is open").unwrap();
            let Message::Text(text) = message else { panic!("{message:?}") };
            let frame = self.heard(&text);
            if frame["type"] != "ping" {
                return frame;
            }
        }
    }

    /// The next ping, which comes every twenty seconds; what else comes is passed over.
    pub(crate) async fn ping(&mut self) -> Value {
        let next = async {
            while let Some(Ok(message)) = self.stream.next().await {
                let Message::Text(text) = message else { continue };
                let frame = self.heard(&text);
                if frame["type"] == "ping" {
                    return frame;
                }
            }
            panic!("the socket is closed");
        };
        tokio::time::timeout(3 * PATIENCE, next).await.expect("a ping in time")
    }

    /// The next frame of that type; others are passed over.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// The next event of that type; others are passed over.
    pub(crate) async fn event(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next_of("event").await;
            if frame["event"]["type"] == kind {
                return frame["event"].clone();
            }
        }
    }

    /// Does something, and waits for the event that it makes.
    pub(crate) async fn event_after(&mut self, act: impl AsyncFnOnce(), kind: &str) -> Value {
        act().await;
        self.event(kind).await
    }

    /// Everything that is said until nothing is for a moment.
    pub(crate) async fn quiet(&mut self) -> Vec<Value> {
        let mut said = Vec::new();
        while let Ok(Some(Ok(message))) =
            tokio::time::timeout(Duration::from_millis(700), self.stream.next()).await
        {
            if let Message::Text(text) = message {
                said.push(self.heard(&text));
            }
        }
        said
    }

    /// Waits until it is closed; gives the code, where one came.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.stream.next()).await.expect("closed in time");
            match message {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(Message::Text(text))) => {
                    self.heard(&text);
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }
}

//! A query whose conditions depend on what was asked for. Texts are the program's own and static; whatever
//! came from outside is bound.

use jiff::Timestamp;
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::Error;
use crate::at::At;
use crate::tx::{Connection, Tx};

/// A value to bind.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Id(Uuid),
    Int(i64),
    Text(String),
    At(Timestamp),
}

impl From<Uuid> for Value {
    fn from(value: Uuid) -> Self {
        Self::Id(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Self::At(value)
    }
}

/// The LIKE pattern of what contains `text`, in lower case; used with `ESCAPE '\'`.
pub(crate) fn containing(text: &str) -> Value {
    let escaped = text.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    Value::Text(format!("%{escaped}%"))
}

/// A query under construction.
pub(crate) struct Select {
    text: String,
    values: Vec<Value>,
}

impl Select {
    /// Begins with `text`, which ends in a WHERE clause that more can be added to.
    pub(crate) fn new(text: &'static str, values: impl IntoIterator<Item = Value>) -> Self {
        Self { text: text.to_owned(), values: values.into_iter().collect() }
    }

    /// Adds a condition in which `?` stands for each of `values`.
    pub(crate) fn and(&mut self, condition: &'static str, values: impl IntoIterator<Item = Value>) {
        self.push(" AND ", values, condition);
    }

    /// Adds `text` as it is, with `?` for each of `values`.
    pub(crate) fn end(&mut self, text: &'static str, values: impl IntoIterator<Item = Value>) {
        self.push(" ", values, text);
    }

    fn push(&mut self, joint: &str, values: impl IntoIterator<Item = Value>, text: &'static str) {
        self.text.push_str(joint);
        let mut values = values.into_iter();
        for (index, part) in text.split('?').enumerate() {
            if index > 0 {
                self.values.extend(values.next());
                self.text.push('$');
                self.text.push_str(&self.values.len().to_string());
            }
            self.text.push_str(part);
        }
    }

    /// Runs it.
    pub(crate) async fn fetch_all<R>(self, tx: &mut Tx) -> Result<Vec<R>, Error>
    where
        R: Send + Unpin,
        R: for<'r> FromRow<'r, sqlx::sqlite::SqliteRow>,
        R: for<'r> FromRow<'r, sqlx::postgres::PgRow>,
    {
        macro_rules! bind {
            ($query:expr) => {{
                let mut query = $query;
                for value in self.values {
                    query = match value {
                        Value::Id(value) => query.bind(value),
                        Value::Int(value) => query.bind(value),
                        Value::Text(value) => query.bind(value),
                        Value::At(value) => query.bind(At(value)),
                    };
                }
                query
            }};
        }
        let text = AssertSqlSafe(self.text);
        match &mut tx.connection {
            Connection::Sqlite(connection) => {
                Ok(bind!(sqlx::query_as::<sqlx::Sqlite, R>(text)).fetch_all(&mut **connection).await?)
            }
            Connection::Postgres(connection) => {
                Ok(bind!(sqlx::query_as::<sqlx::Postgres, R>(text)).fetch_all(&mut **connection).await?)
            }
        }
    }
}

//! The system's transactions in one line.

/// Runs one call on the transaction of the whole system and gives its result.
macro_rules! system {
    ($store:expr, $input:expr, |$tx:ident, $name:pat_param| $call:expr) => {{
        let result: Result<_, store::Error> = $store
            .write(store::Scope::System, $input, |$tx, $name| Box::pin(async move { $call.await }))
            .await;
        result.unwrap()
    }};
}

pub(crate) use system;

//! What holds for every operation of the API and is therefore put into its document here, once: what errors
//! look like, what a key and a tag may be, and who may say that they are somebody.

use utoipa::openapi::path::{Operation, Parameter, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{OpenApi, RefOr};

/// The media type of problem details.
const PROBLEM: &str = "application/problem+json";

/// Completes `document`.
pub fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_with(Default::default);
    components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    let cookie = ApiKey::Cookie(ApiKeyValue::new("deskhand_session"));
    components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        complete_errors(operation);
        for parameter in operation.parameters.iter_mut().flatten() {
            if let RefOr::T(parameter) = parameter {
                complete_parameter(parameter);
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let all = [&mut item.get, &mut item.post, &mut item.patch, &mut item.put, &mut item.delete];
    all.into_iter().flatten()
}

fn complete_errors(operation: &mut Operation) {
    let Some(RefOr::T(error)) = operation.responses.responses.get_mut("default") else { return };
    let content = std::mem::take(&mut error.content);
    error.content = content.into_iter().map(|(_, body)| (PROBLEM.to_owned(), body)).collect();
    if error.description.is_empty() {
        error.description.push_str("What went wrong; `code` tells what, for programs");
    }
}

fn complete_parameter(parameter: &mut Parameter) {
    let (pattern, description) = match parameter.name.as_str() {
        "Idempotency-Key" => ("^[!-~]{1,200}$", "The same key again gets the same answer, for 24 hours"),
        "If-Match" => (
            r#"^(\*|"[0-9]+"(, *"[0-9]+")*)$"#,
            "The ETag that the change rests on, or several of which any will do; where all are stale it is 412",
        ),
        _ => return,
    };
    let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).build();
    parameter.schema = Some(RefOr::T(Schema::Object(text)));
    parameter.description = Some(description.to_owned());
}

//! Answers: JSON, and problems as RFC 9457 has them.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::walker::Trouble;
use crate::error::Error;
use crate::explore::Refused;

/// An error, for people and programs.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    cure: Option<String>,
}

impl Problem {
    pub(super) fn new(
        status: StatusCode,
        name: &str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Problem {
            kind: format!("urn:allways:problem:{name}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            cure: None,
        }
    }

    pub(super) fn with_cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = Some(cure.into());
        self
    }

    fn of(status: StatusCode, name: &str, title: &'static str, error: &Error) -> Self {
        let problem = Problem::new(status, name, title, error.message());
        match error.cure() {
            Some(cure) => problem.with_cure(cure),
            None => problem,
        }
    }

    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "bad-request",
            "Bad request",
            detail,
        )
    }

    pub(super) fn not_found() -> Self {
        Problem::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "Not found",
            "there is nothing at this address",
        )
    }

    pub(super) fn not_allowed() -> Self {
        Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method",
            "Method not allowed",
            "there is something at this address, but not for this method",
        )
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Request(e) => {
                Problem::of(StatusCode::BAD_REQUEST, "bad-request", "Bad request", &e)
            }
            Refused::File(e) => Problem::of(
                StatusCode::UNPROCESSABLE_ENTITY,
                "not-a-trace",
                "Not a trace",
                &e,
            ),
            Refused::Foreign(e) => Problem::of(
                StatusCode::CONFLICT,
                "another-model",
                "A trace of another model",
                &e,
            ),
            Refused::Model(e) => Problem::of(
                StatusCode::INTERNAL_SERVER_ERROR,
                "model",
                "The model is at fault",
                &e,
            ),
        }
    }
}

impl From<Trouble> for Problem {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(refused) => refused.into(),
            Trouble::Busy => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "Busy",
                "too many requests wait for an answer",
            )
            .with_cure("ask again in a while"),
            Trouble::Broken => Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Internal error",
                "this is a fault of Allways, not of your model",
            )
            .with_cure("please report it with the command that you ran and this address"),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        json(status, "application/problem+json", &self)
    }
}

/// A value as JSON.
pub(super) fn ok(value: &impl Serialize) -> Response {
    json(StatusCode::OK, "application/json", value)
}

pub(super) fn json(status: StatusCode, kind: &'static str, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => {
            let mut response = (status, body).into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            response
        }
        // Strings, numbers and lists: there is nothing in an answer that JSON cannot hold.
        Err(error) => panic!("an answer did not become JSON: {error}"),
    }
}

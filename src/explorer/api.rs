//! The API: from requests to questions, and from answers to JSON. What is asked for in an address is taken apart here, and nowhere else.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_core::Stream;

use super::answer::{Problem, json, ok};
use super::assets;
use super::guard::{Guard, guarded};
use super::hub::{Event, Hub};
use super::model::{ModelView, file_type};
use super::run::{Action, Checker, Limits, Request as RunRequest};
use super::walker::Walker;
use crate::explore::View;
use crate::trace::{self, Format};

/// The API in OpenAPI 3.1.
const OPENAPI: &str = include_str!("openapi.json");

/// Bytes of a body that is taken.
const BODY_MAX: usize = 64 << 20;

/// Steps of a window, unless said otherwise, and at most.
const COUNT: usize = 500;
const COUNT_MAX: usize = 2000;

/// Keeps a connection alive while nothing happens.
const COMMENT_EVERY: Duration = Duration::from_secs(10);

/// What all requests share.
pub(super) struct App {
    pub(super) model: ModelView,
    pub(super) walker: Walker,
    pub(super) checker: Checker,
    pub(super) hub: Arc<Hub>,
}

type Shared = State<Arc<App>>;
type Answer = Result<Response, Problem>;
type PathParam = Result<Path<String>, PathRejection>;

pub(super) fn router(app: Arc<App>, guard: Guard) -> Router {
    Router::new()
        .route("/api/v1/openapi.json", get(openapi))
        .route("/api/v1/model", get(model))
        .route("/api/v1/paths", axum::routing::post(load))
        .route("/api/v1/paths/{p}", get(path))
        .route("/api/v1/paths/{p}/state", get(state))
        .route("/api/v1/paths/{p}/next", get(next))
        .route("/api/v1/paths/{p}/until", get(until))
        .route("/api/v1/paths/{p}/spacetime", get(spacetime))
        .route("/api/v1/paths/{p}/export", get(export))
        .route("/api/v1/compare", get(compare))
        .route("/api/v1/run", get(run).post(control))
        .route("/api/v1/run/events", get(events))
        .method_not_allowed_fallback(async || Problem::not_allowed())
        .fallback(page)
        .with_state(app)
        .layer(from_fn_with_state(Arc::new(guard), guarded))
}

/// The parameters behind the question mark.
struct Query(Vec<(String, String)>);

impl Query {
    fn of(RawQuery(query): RawQuery) -> Self {
        let query = query.unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        Query(
            pairs
                .map(|(n, v)| (n.into_owned(), v.into_owned()))
                .collect(),
        )
    }

    fn text(&self, name: &str) -> Option<&str> {
        let mut pairs = self.0.iter();
        pairs.find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    fn needed(&self, name: &str) -> Result<&str, Problem> {
        self.text(name)
            .ok_or_else(|| Problem::bad_request(format!("`{name}` is missing")))
    }

    fn number(&self, name: &str) -> Result<Option<usize>, Problem> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        number(text).map(Some).ok_or_else(|| {
            Problem::bad_request(format!("`{name}` is no whole number"))
                .with_cure("give digits, and nothing else")
        })
    }

    /// The window of steps that is asked for.
    fn window(&self) -> Result<(usize, usize), Problem> {
        let count = self.number("count")?.unwrap_or(COUNT);
        if count > COUNT_MAX {
            return Err(
                Problem::bad_request(format!("`count` is {count}")).with_cure(format!(
                    "`count` takes 0 to {COUNT_MAX}: ask for one window after another"
                )),
            );
        }
        Ok((self.number("from")?.unwrap_or(1), count))
    }

    /// One of these words, the first unless said otherwise.
    fn word(&self, name: &str, words: [&str; 2]) -> Result<bool, Problem> {
        match self.text(name) {
            None => Ok(false),
            Some(text) if text == words[0] => Ok(false),
            Some(text) if text == words[1] => Ok(true),
            Some(_) => Err(Problem::bad_request(format!("`{name}` is something else"))
                .with_cure(format!("`{name}` takes {} or {}", words[0], words[1]))),
        }
    }
}

fn number(text: &str) -> Option<usize> {
    let is_digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_digits.then(|| text.parse().ok()).flatten()
}

/// The path in an address.
fn named(path: PathParam) -> Result<String, Problem> {
    match path {
        Ok(Path(path)) => Ok(path),
        Err(_) => Err(Problem::bad_request("this is not the address of a path")),
    }
}

async fn openapi() -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, OPENAPI).into_response()
}

async fn model(State(app): Shared) -> Response {
    ok(&app.model)
}

async fn path(State(app): Shared, p: PathParam, query: RawQuery) -> Answer {
    let (p, query) = (named(p)?, Query::of(query));
    let (from, count) = query.window()?;
    let path = app
        .walker
        .ask(move |explorer| explorer.path(&p, from, count))
        .await?;
    Ok(ok(&path))
}

async fn state(State(app): Shared, p: PathParam, query: RawQuery) -> Answer {
    let (p, query) = (named(p)?, Query::of(query));
    let at = query.number("at")?;
    let view = match query.word("view", ["diff", "full"])? {
        false => View::Diff,
        true => View::Full,
    };
    let state = app
        .walker
        .ask(move |explorer| explorer.state(&p, at, view))
        .await?;
    Ok(ok(&state))
}

async fn next(State(app): Shared, p: PathParam, query: RawQuery) -> Answer {
    let (p, query) = (named(p)?, Query::of(query));
    let at = query.number("at")?;
    let next = app
        .walker
        .ask(move |explorer| explorer.next(&p, at))
        .await?;
    Ok(ok(&next))
}

async fn until(State(app): Shared, p: PathParam, query: RawQuery) -> Answer {
    let (p, query) = (named(p)?, Query::of(query));
    let (at, property) = (query.number("at")?, query.number("property")?);
    let backward = query.word("direction", ["forward", "backward"])?;
    let until = app
        .walker
        .ask(move |explorer| explorer.until(&p, at, property, backward))
        .await?;
    Ok(ok(&until))
}

async fn spacetime(State(app): Shared, p: PathParam, query: RawQuery) -> Answer {
    let (p, query) = (named(p)?, Query::of(query));
    let window = query.window()?;
    let cone = query.number("cone")?;
    let hide = match query.text("hide").unwrap_or_default() {
        "" => Vec::new(),
        lanes => lanes
            .split(',')
            .map(number)
            .collect::<Option<Vec<usize>>>()
            .ok_or_else(|| {
                Problem::bad_request("`hide` is no list of lanes").with_cure("`hide` is like 0,2")
            })?,
    };
    let spacetime = app
        .walker
        .ask(move |explorer| explorer.spacetime(&p, window, &hide, cone))
        .await?;
    Ok(ok(&spacetime))
}

async fn export(State(app): Shared, p: PathParam, query: RawQuery) -> Answer {
    let (p, query) = (named(p)?, Query::of(query));
    let property = query.number("property")?;
    let with = query.text("with").map(str::to_owned);
    let hub = Arc::clone(&app.hub);
    let name = query.needed("format")?;
    let Some(format) = Format::ALL.into_iter().find(|format| format.name() == name) else {
        let names: Vec<&str> = Format::ALL.into_iter().map(Format::name).collect();
        return Err(Problem::bad_request("there is no such format")
            .with_cure(format!("`format` takes {}", names.join(", "))));
    };
    let (text, file) = app
        .walker
        .ask(move |explorer| {
            let mut trace = match &with {
                Some(with) => explorer.trace_of_pair([&p, with], property)?,
                None => explorer.trace(&p, property)?,
            };
            let shown = &trace.property;
            let mut decls = explorer.properties().iter();
            let number = decls.position(|d| d.name == shown.name && d.kind == shown.kind);
            let paths: Vec<String> = [p].into_iter().chain(with).collect();
            // Of a path alone nobody knows how many there are that are as short.
            trace.tie_break = number.is_some_and(|number| hub.is_least(number, &paths));
            let file = trace::file_name(&trace.model, &trace.variant, &shown.name);
            Ok((format.export(&trace), file))
        })
        .await?;
    let (kind, ending) = file_type(format);
    let name = file.strip_suffix("trace.json").unwrap_or(&file);
    let disposition = format!("attachment; filename=\"{name}{ending}\"");
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    // Names of files are made of letters that a header can hold.
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

async fn compare(State(app): Shared, query: RawQuery) -> Answer {
    let query = Query::of(query);
    let (a, b) = (query.needed("a")?.to_owned(), query.needed("b")?.to_owned());
    let compared = app
        .walker
        .ask(move |explorer| explorer.compare(&a, &b))
        .await?;
    Ok(ok(&compared))
}

/// A body, if it is not too large.
async fn body(request: Request) -> Result<Bytes, Problem> {
    let too_large = || {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "Too large",
            format!("the body has more than {BODY_MAX} bytes"),
        )
    };
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > BODY_MAX as u64) {
        return Err(too_large());
    }
    to_bytes(request.into_body(), BODY_MAX)
        .await
        .map_err(|_| too_large())
}

async fn load(State(app): Shared, request: Request) -> Answer {
    let body = body(request).await?;
    let loaded = app
        .walker
        .ask(move |explorer| {
            let text = std::str::from_utf8(&body)
                .map_err(|_| crate::Error::file("a trace is text, and this is not"))?;
            explorer.load(&trace::from_json(text)?)
        })
        .await?;
    Ok(ok(&loaded))
}

async fn run(State(app): Shared) -> Response {
    ok(&app.hub.view())
}

async fn control(State(app): Shared, request: Request) -> Answer {
    let body = body(request).await?;
    let asked: RunRequest = serde_json::from_slice(&body).map_err(|error| {
        Problem::bad_request(format!("the body asks for nothing that there is: {error}"))
            .with_cure("{\"action\": \"start\"} or {\"action\": \"stop\"}")
    })?;
    let time = match asked.seconds {
        Some(seconds) if !(seconds > 0.0 && seconds <= 1e6) => {
            return Err(Problem::bad_request("`seconds` is out of range")
                .with_cure("`seconds` is more than 0 and at most 1000000"));
        }
        seconds => seconds.map(Duration::from_secs_f64),
    };
    let limits = Limits {
        max_states: asked.max_states,
        max_depth: asked.max_depth,
        time,
    };
    let (done, why) = match asked.action {
        Action::Start => (app.checker.begin(limits), "a check is running already"),
        Action::Stop => (app.hub.stop(), "no check is running"),
    };
    if !done {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "conflict",
            "Conflict",
            why,
        ));
    }
    Ok(json(
        StatusCode::ACCEPTED,
        "application/json",
        &app.hub.view(),
    ))
}

/// What happens to the check, as a stream of lines.
struct Events {
    events: tokio::sync::mpsc::Receiver<Event>,
    quiet: tokio::time::Interval,
}

impl Stream for Events {
    type Item = Result<Bytes, std::convert::Infallible>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Poll::Ready(event) = this.events.poll_recv(context) {
            this.quiet.reset();
            // JSON in one line has no line break that would end it.
            let text = event.map(|(name, line)| format!("event: {name}\ndata: {line}\n\n"));
            return Poll::Ready(text.map(|text| Ok(text.into())));
        }
        match this.quiet.poll_tick(context) {
            Poll::Ready(_) => Poll::Ready(Some(Ok(Bytes::from_static(b": still here\n\n")))),
            Poll::Pending => Poll::Pending,
        }
    }
}

async fn events(State(app): Shared) -> Response {
    let begin = tokio::time::Instant::now() + COMMENT_EVERY;
    let events = Events {
        events: app.hub.listen(),
        quiet: tokio::time::interval_at(begin, COMMENT_EVERY),
    };
    let kind = [(header::CONTENT_TYPE, "text/event-stream")];
    (kind, Body::from_stream(events)).into_response()
}

/// A file of the page.
async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Answer {
    let found = assets::serve(uri.path(), &headers).ok_or_else(Problem::not_found)?;
    match method {
        Method::GET | Method::HEAD => Ok(found),
        _ => Err(Problem::not_allowed()),
    }
}

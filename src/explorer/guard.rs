//! Who may ask: decided before any other code sees a request.
//!
//! - Only our own `Host` values, so that a name that somebody else's server resolves to this machine gets nothing (DNS rebinding).
//! - A token, printed once; opening the printed address makes it a cookie that scripts cannot read and other sites do not send, and goes on without it.
//! - What changes something needs our own `Origin` and a JSON body, which no form and no link of another site can send.
//! - No CORS headers. Every answer forbids the page to load or run anything that is not served here.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::answer::Problem;

/// Random bytes of a token.
const TOKEN_BYTES: usize = 16;

/// What every answer says, whatever it is.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    ),
];

/// What whoever asks has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token that nobody can guess.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn new() -> io::Result<Self> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes).map_err(|e| io::Error::other(e.to_string()))?;
        Ok(Token(bytes.iter().map(|b| format!("{b:02x}")).collect()))
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether this is it: takes as long whichever letter is wrong.
    fn is(&self, text: &str) -> bool {
        let pairs = self.0.bytes().zip(text.bytes());
        let differences = pairs.fold(0, |all, (a, b)| all | (a ^ b));
        self.0.len() == text.len() && differences == 0
    }
}

/// Who may ask.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    address: SocketAddr,
    token: Token,
    /// Cookies know no ports: each server's has its own name.
    cookie: String,
}

impl Guard {
    pub(super) fn new(address: SocketAddr, token: Token) -> Self {
        Guard {
            cookie: format!("allways-{}", address.port()),
            address,
            token,
        }
    }

    /// Whether a `Host` is one of ours: this machine by its usual name, or the address that was bound. Where that is every address of the machine, any address is, but no name.
    fn is_ours(&self, host: &str) -> bool {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()),
            _ => (host, Some(80)),
        };
        if port != Some(self.address.port()) {
            return false;
        }
        if name.eq_ignore_ascii_case("localhost") {
            return true;
        }
        let inner = name.strip_prefix('[').and_then(|n| n.strip_suffix(']'));
        let ip: Option<IpAddr> = match inner {
            Some(inner) => inner.parse().ok().map(IpAddr::V6),
            None => name.parse().ok().map(IpAddr::V4),
        };
        let bound = self.address.ip();
        ip.is_some_and(|ip| ip == bound || ip.is_loopback() || bound.is_unspecified())
    }

    /// Whether a request brings the cookie.
    fn has_cookie(&self, headers: &HeaderMap) -> bool {
        let cookies = headers.get_all(header::COOKIE).iter();
        let texts = cookies.filter_map(|value| value.to_str().ok());
        let mut pairs = texts.flat_map(|text| text.split(';'));
        pairs.any(|pair| match pair.trim().split_once('=') {
            Some((name, value)) => name == self.cookie && self.token.is(value),
            None => false,
        })
    }

    /// Lets a request through, or says why not.
    fn admit(&self, request: &Request) -> Result<(), Refusal> {
        let headers = request.headers();
        let host = only(headers, header::HOST);
        let Some(host) = host.filter(|host| self.is_ours(host)) else {
            return Err(forbidden("the request's Host is not this server"));
        };
        let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
        if !is_safe {
            let origin = only(headers, header::ORIGIN);
            if origin.and_then(|origin| origin.strip_prefix("http://")) != Some(host) {
                return Err(forbidden("the request's Origin is not this server"));
            }
        }
        if let Some(given) = query_token(request.uri()) {
            if is_safe && self.token.is(given) {
                return Err(Refusal::Enter(without_token(request.uri())));
            }
            return Err(Refusal::Problem(no_token()));
        }
        if !self.has_cookie(headers) {
            return Err(Refusal::Problem(no_token()));
        }
        if !is_safe && !is_json(headers) {
            let problem = Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "media-type",
                "Unsupported media type",
                "the body's type has to be application/json",
            );
            return Err(Refusal::Problem(problem));
        }
        Ok(())
    }

    /// Gives the cookie and goes on without the token.
    fn enter(&self, to: &str) -> Response {
        let cookie = format!(
            "{}={}; Path=/; HttpOnly; SameSite=Strict",
            self.cookie,
            self.token.text()
        );
        let mut response = StatusCode::SEE_OTHER.into_response();
        let headers = response.headers_mut();
        // Both are made of letters that a header can hold.
        if let (Ok(cookie), Ok(to)) = (HeaderValue::from_str(&cookie), HeaderValue::from_str(to)) {
            headers.insert(header::SET_COOKIE, cookie);
            headers.insert(header::LOCATION, to);
        }
        response
    }
}

/// Why a request does not come through.
enum Refusal {
    Problem(Problem),
    /// It brings the token: this is where it goes on.
    Enter(String),
}

fn forbidden(why: &str) -> Refusal {
    Refusal::Problem(Problem::new(
        StatusCode::FORBIDDEN,
        "foreign",
        "Forbidden",
        why,
    ))
}

fn no_token() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "no-token",
        "No token",
        "this address needs the token that was printed when the explorer started",
    )
    .with_cure("open the address that `allways explore` printed")
}

/// A header that is there once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    match values.next() {
        Some(_) => None,
        None => value.to_str().ok(),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = only(headers, header::CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}

fn query_token(uri: &Uri) -> Option<&str> {
    let mut pairs = uri.query()?.split('&');
    pairs.find_map(|pair| pair.strip_prefix("token="))
}

/// The address without the token. It begins with one slash, so that it names nobody else's.
fn without_token(uri: &Uri) -> String {
    let path = uri.path().trim_start_matches('/');
    let pairs = uri.query().unwrap_or_default().split('&');
    let rest: Vec<&str> = pairs.filter(|pair| !pair.starts_with("token=")).collect();
    let path = match rest.is_empty() {
        true => format!("/{path}"),
        false => format!("/{path}?{}", rest.join("&")),
    };
    // What an address cannot hold is left out.
    match path.parse::<PathAndQuery>() {
        Ok(_) => path,
        Err(_) => "/".to_owned(),
    }
}

/// Stands before everything.
pub(super) async fn guarded(
    State(guard): State<Arc<Guard>>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let mut response = match guard.admit(&request) {
        Ok(()) => next.run(request).await,
        Err(Refusal::Problem(problem)) => problem.into_response(),
        Err(Refusal::Enter(to)) => guard.enter(&to),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(address: &str) -> Guard {
        let token = Token("0123456789abcdef0123456789abcdef".to_owned());
        Guard::new(address.parse().expect("an address"), token)
    }

    #[test]
    fn only_our_own_hosts_are_ours() {
        let local = guard("127.0.0.1:4000");
        for host in [
            "127.0.0.1:4000",
            "localhost:4000",
            "LOCALHOST:4000",
            "[::1]:4000",
        ] {
            assert!(local.is_ours(host), "{host}");
        }
        for host in [
            "",
            "127.0.0.1",
            "localhost",
            "127.0.0.1:4001",
            "evil.example:4000",
            "192.168.0.1:4000",
            "127.0.0.1:4000:4000",
            "127.0.0.1.evil.example:4000",
            "localhost.:4000",
            "[::1]",
            "::1:4000",
            "[127.0.0.1]:4000",
            "127.0.0.1:04000x",
            "localhost:4000, evil.example",
        ] {
            assert!(!local.is_ours(host), "{host}");
        }
        let everywhere = guard("0.0.0.0:80");
        assert!(everywhere.is_ours("192.168.0.1") && everywhere.is_ours("10.0.0.1:80"));
        assert!(!everywhere.is_ours("evil.example"));
    }

    #[test]
    fn the_token_is_taken_out_of_the_address() {
        for (uri, without) in [
            ("/?token=abc", "/"),
            ("/?a=1&token=abc&b=2", "/?a=1&b=2"),
            ("/x?token=abc&p=0.abcd", "/x?p=0.abcd"),
            ("//evil.example/?token=abc", "/evil.example/"),
        ] {
            let uri: Uri = uri.parse().expect("an address");
            assert_eq!(without_token(&uri), without);
        }
    }

    #[test]
    fn a_token_is_long_and_never_the_same() {
        let (a, b) = (Token::new().expect("random"), Token::new().expect("random"));
        assert!(a.text().len() == 32 && a != b);
        assert!(a.is(a.text()) && !a.is(b.text()) && !a.is("") && !a.is(&a.text()[1..]));
    }
}

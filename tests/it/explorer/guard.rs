//! Who is answered, and what every answer forbids: sent byte for byte, as a browser would not.

use super::client::{Answer, Explorer};

const MODEL: &str = "two-phase-commit-tla/atomic";

fn explorer() -> Explorer {
    Explorer::start(&[MODEL, "--no-check"])
}

fn is_problem(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    let problem = answer.json();
    assert_eq!(problem["status"], status);
    assert!(
        problem["title"].is_string() && problem["detail"].is_string(),
        "{problem}"
    );
}

#[test]
fn the_token_becomes_a_cookie_and_leaves_the_address() {
    let explorer = explorer();
    let (host, token) = (&explorer.host, &explorer.token);
    assert!(host.starts_with("127.0.0.1:"), "{host}");
    let ask = |target: &str| {
        explorer.send(&format!(
            "GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        ))
    };
    let entered = ask(&format!("/?a=1&token={token}"));
    assert_eq!(entered.status, 303);
    assert_eq!(entered.header("location"), Some("/?a=1"));
    let cookie = entered.header("set-cookie").expect("a cookie");
    let port = host.rsplit_once(':').expect("a port").1;
    assert_eq!(
        cookie,
        format!("allways-{port}={token}; Path=/; HttpOnly; SameSite=Strict")
    );
    for target in ["/", "/api/v1/model", "/nothing", "/?token=", "/?token=0123"] {
        is_problem(&ask(target), 401);
    }
    let wrong = format!("/?token={}", "0".repeat(token.len()));
    is_problem(&ask(&wrong), 401);
    assert_eq!(explorer.get("/").status, 200);
}

#[test]
fn only_our_own_hosts_are_answered() {
    let explorer = explorer();
    let (cookie, port) = (
        &explorer.cookie,
        explorer.host.rsplit_once(':').expect("a port").1,
    );
    let ask = |hosts: &str| {
        explorer.send(&format!(
            "GET /api/v1/model HTTP/1.1\r\n{hosts}Cookie: {cookie}\r\nConnection: close\r\n\r\n"
        ))
    };
    for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}")] {
        assert_eq!(ask(&format!("Host: {host}\r\n")).status, 200, "{host}");
    }
    for host in [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        "127.0.0.1".to_owned(),
        "127.0.0.1:1".to_owned(),
        format!("192.0.2.1:{port}"),
        String::new(),
    ] {
        is_problem(&ask(&format!("Host: {host}\r\n")), 403);
    }
    let twice = format!("Host: 127.0.0.1:{port}\r\nHost: evil.example\r\n");
    assert_ne!(ask(&twice).status, 200);
    let none = explorer.send(&format!(
        "GET /api/v1/model HTTP/1.0\r\nCookie: {cookie}\r\n\r\n"
    ));
    is_problem(&none, 403);
}

#[test]
fn what_changes_something_needs_our_origin_and_json() {
    let explorer = explorer();
    let host = &explorer.host;
    let body = "{\"action\":\"stop\"}";
    let ask = |headers: &str| {
        explorer.send(&format!(
            "{}{headers}Content-Length: {}\r\n\r\n{body}",
            explorer.head("POST", "/api/v1/run"),
            body.len()
        ))
    };
    let json = "Content-Type: application/json\r\n";
    let port = host.rsplit_once(':').expect("a port").1;
    for origin in [
        String::new(),
        "Origin: null\r\n".to_owned(),
        "Origin: http://evil.example\r\n".to_owned(),
        format!("Origin: https://{host}\r\n"),
        format!("Origin: http://localhost:{port}\r\n"),
        format!("Origin: http://{host}.evil.example\r\n"),
        format!("Origin: http://{host}\r\nOrigin: http://evil.example\r\n"),
    ] {
        is_problem(&ask(&format!("{origin}{json}")), 403);
    }
    let ours = format!("Origin: http://{host}\r\n");
    for kind in [
        "",
        "Content-Type: text/plain\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "Content-Type: application/jsonp\r\n",
    ] {
        is_problem(&ask(&format!("{ours}{kind}")), 415);
    }
    // It comes through: no check runs that could be stopped.
    is_problem(&ask(&format!("{ours}{json}")), 409);
    let charset = "Content-Type: application/json; charset=utf-8\r\n";
    is_problem(&ask(&format!("{ours}{charset}")), 409);
}

#[test]
fn every_answer_forbids_what_is_not_served_here() {
    let explorer = explorer();
    let refused =
        explorer.send("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    let answers = [
        explorer.get("/"),
        explorer.get("/api/v1/model"),
        explorer.get("/nothing"),
        explorer.get("/api/v1/paths/0/export?format=html"),
        explorer.post("/api/v1/paths", "{}"),
        explorer.send(&format!("{}\r\n", explorer.head("OPTIONS", "/api/v1/run"))),
        refused,
    ];
    for answer in &answers {
        let policy = answer.header("content-security-policy").expect("a policy");
        let rules: Vec<&str> = policy.split("; ").collect();
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "img-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        ] {
            assert!(rules.contains(&rule), "{policy}");
        }
        assert!(
            !policy.contains("unsafe") && !policy.contains('*'),
            "{policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("access-control-allow-origin"), None);
        assert_eq!(answer.header("access-control-allow-methods"), None);
        let caching = answer.header("cache-control").expect("it is said");
        assert!(["no-store", "no-cache"].contains(&caching), "{caching}");
    }
}

#[test]
fn what_is_too_large_is_refused_before_it_is_sent() {
    let explorer = explorer();
    let answer = explorer.send(&format!(
        "{}Origin: http://{}\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n{{",
        explorer.head("POST", "/api/v1/paths"),
        explorer.host
    ));
    is_problem(&answer, 413);
}

#[test]
fn no_address_leads_to_a_file() {
    let explorer = explorer();
    for target in [
        "/../Cargo.toml",
        "/..%2f..%2fCargo.toml",
        "/%2e%2e/Cargo.toml",
        "/page/index.html",
        "//etc/passwd",
        "/etc/passwd",
        "/index.html%00.js",
        "/./index.html",
        "/INDEX.HTML",
    ] {
        is_problem(&explorer.get(target), 404);
    }
}

#[test]
fn the_page_is_asked_for_again_and_sent_once() {
    let explorer = explorer();
    let page = explorer.get("/");
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    let tag = page.header("etag").expect("a tag");
    let again = explorer.send(&format!(
        "{}If-None-Match: {tag}\r\n\r\n",
        explorer.head("GET", "/")
    ));
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(explorer.get("/index.html").body, page.body);
}

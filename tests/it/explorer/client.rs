//! The explorer as a program, and a client that sends what it is told to, byte for byte.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// No answer takes so long.
const PATIENCE: Duration = Duration::from_secs(300);

/// An explorer that runs, and who may ask it.
pub(super) struct Explorer {
    child: Child,
    pub(super) host: String,
    pub(super) token: String,
    pub(super) cookie: String,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(n, _)| n == name);
        let value = named.next().map(|(_, value)| value.as_str());
        assert!(named.next().is_none(), "{name} is there twice");
        value
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }
}

impl Explorer {
    pub(super) fn start(args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_allways"));
        Explorer::run(command.arg("explore").args(args))
    }

    /// Runs a command that serves.
    pub(super) fn run(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let url = line.trim().strip_prefix("http://").expect("an address");
        let (host, token) = url.split_once("/?token=").expect("a token");
        let mut explorer = Explorer {
            child,
            host: host.to_owned(),
            token: token.to_owned(),
            cookie: String::new(),
        };
        let entered = explorer.send(&format!(
            "GET /?token={token} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        ));
        let cookie = entered.header("set-cookie").expect("a cookie");
        explorer.cookie = cookie.split(';').next().expect("a pair").to_owned();
        explorer
    }

    pub(super) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.host).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream
    }

    /// Sends bytes, and reads the answer.
    pub(super) fn send(&self, request: &str) -> Answer {
        let mut stream = self.connect();
        // It may answer, and close, before it has read all.
        let _ = stream.write_all(request.as_bytes());
        read(&mut BufReader::new(stream))
    }

    /// The beginning of a request that is let through, without its end.
    pub(super) fn head(&self, method: &str, target: &str) -> String {
        format!(
            "{method} {target} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nConnection: close\r\n",
            self.host, self.cookie
        )
    }

    pub(super) fn get(&self, target: &str) -> Answer {
        self.send(&format!("{}\r\n", self.head("GET", target)))
    }

    pub(super) fn post(&self, target: &str, body: &str) -> Answer {
        self.send(&format!(
            "{}Origin: http://{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.head("POST", target),
            self.host,
            body.len()
        ))
    }

    /// An answer that is there.
    pub(super) fn json(&self, target: &str) -> Value {
        let answer = self.get(target);
        assert_eq!(answer.status, 200, "{target}: {}", answer.text());
        answer.json()
    }

    /// What the check found, once it has ended.
    pub(super) fn done(&self) -> Value {
        let begun = Instant::now();
        loop {
            let run = self.json("/api/v1/run");
            if run["state"] == "done" || run["state"] == "failed" {
                return run;
            }
            assert!(begun.elapsed() < PATIENCE, "the check does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The path that shows a property.
    pub(super) fn path_of(&self, name: &str) -> String {
        let model = self.json("/api/v1/model");
        let properties = model["properties"].as_array().expect("a list");
        let property = properties.iter().find(|p| p["name"] == name);
        let number = &property.expect("it has the property")["property"];
        let run = self.done();
        let discoveries = run["discoveries"].as_array().expect("a list");
        let found = discoveries.iter().find(|d| d["property"] == *number);
        let path = &found.expect("something was found")["paths"][0];
        path.as_str().expect("a path").to_owned()
    }

    /// Its process.
    #[cfg(unix)]
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end; how it ended.
    #[cfg(unix)]
    pub(super) fn wait(mut self) -> Option<i32> {
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Explorer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The status and the headers.
pub(super) fn read_head(from: &mut impl BufRead) -> Answer {
    let mut line = String::new();
    from.read_line(&mut line).expect("an answer");
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let mut answer = Answer {
        status: status.unwrap_or_else(|| panic!("no status in {line:?}")),
        headers: Vec::new(),
        body: Vec::new(),
    };
    loop {
        line.clear();
        from.read_line(&mut line).expect("a header");
        let Some((name, value)) = line.trim_end().split_once(':') else {
            return answer;
        };
        let header = (name.to_ascii_lowercase(), value.trim().to_owned());
        answer.headers.push(header);
    }
}

fn read(from: &mut impl BufRead) -> Answer {
    let mut answer = read_head(from);
    let length = answer.header("content-length").map(str::to_owned);
    if let Some(length) = length {
        let length = length.parse().expect("a number");
        answer.body.resize(length, 0);
        if from.read_exact(&mut answer.body).is_err() {
            answer.body.clear();
        }
    } else {
        from.read_to_end(&mut answer.body).expect("a body");
    }
    answer
}

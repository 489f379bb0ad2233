//! A browser, driven: a chromedriver of our own on a port of its choice, and sessions in it, each a browser with a profile of its own.
//!
//! Speaks WebDriver (W3C) as JSON over HTTP, one request a command. Knows nothing of the page.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// How to get what is missing.
const INSTALL: &str = "on Debian: apt-get install chromium chromium-driver";

/// A command that takes longer has failed, whatever it waits for.
const COMMAND_TIME: Duration = Duration::from_secs(200);

/// The programs that it takes.
pub(crate) struct Tools {
    browser: PathBuf,
    driver: PathBuf,
}

impl Tools {
    /// Looks for them where programs are.
    ///
    /// # Errors
    /// One is missing: which, and how to install it.
    pub(crate) fn find() -> Result<Self, String> {
        let browser = ["chromium", "chromium-browser", "google-chrome"];
        let browser = browser.into_iter().find_map(program);
        let driver = program("chromedriver");
        match (browser, driver) {
            (Some(browser), Some(driver)) => Ok(Tools { browser, driver }),
            (None, _) => Err(format!("no chromium is installed; {INSTALL}")),
            (_, None) => Err(format!("no chromedriver is installed; {INSTALL}")),
        }
    }
}

fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let found = env::split_paths(&path).map(|folder| folder.join(name));
    found.into_iter().find(|file| file.is_file())
}

/// A running chromedriver; ends with this value.
pub(crate) struct Driver {
    process: Child,
    address: String,
    browser: PathBuf,
    agent: ureq::Agent,
    /// Where browsers put what they need for a while; goes with this value.
    _temporary: TempDir,
}

impl Driver {
    /// Starts it.
    ///
    /// # Errors
    /// It does not start, or does not say where it listens.
    pub(crate) fn start(tools: Tools) -> Result<Self, String> {
        let temporary = TempDir::new().map_err(|e| format!("no temporary folder: {e}"))?;
        let mut process = Command::new(&tools.driver)
            .arg("--port=0")
            .env("TMPDIR", temporary.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("chromedriver does not start: {e}"))?;
        let said = process.stdout.take();
        let (send, port) = mpsc::channel();
        // Reads to the end, so that it never waits for a reader.
        thread::spawn(move || {
            for line in said
                .into_iter()
                .flat_map(|said| BufReader::new(said).lines())
            {
                let Ok(line) = line else { break };
                if let Some((_, port)) = line.split_once("started successfully on port ") {
                    let _ = send.send(port.trim_end_matches('.').to_owned());
                }
            }
        });
        let port = port.recv_timeout(Duration::from_secs(120));
        let port = port.map_err(|_| {
            let _ = process.kill();
            "chromedriver does not say where it listens".to_owned()
        })?;
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(COMMAND_TIME))
            .http_status_as_error(false);
        Ok(Driver {
            process,
            address: format!("http://127.0.0.1:{port}"),
            browser: tools.browser,
            agent: config.build().into(),
            _temporary: temporary,
        })
    }

    /// Starts a browser whose downloads go to a folder.
    pub(crate) fn browser(&self, name: &'static str, downloads: &Path) -> Browser<'_> {
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {
                "binary": self.browser,
                "args": [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                    "--window-size=1440,900", "--lang=en",
                ],
                "prefs": { "download.default_directory": downloads, "download.prompt_for_download": false },
            },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
            "timeouts": { "script": 150_000, "pageLoad": 150_000 },
        } } });
        let session = self.ask("POST", "/session", Some(&wanted));
        let session = session.unwrap_or_else(|e| panic!("no browser starts: {e}"));
        let id = session["sessionId"].as_str().expect("a session has an id");
        Browser {
            driver: self,
            name,
            session: format!("/session/{id}"),
        }
    }

    /// One command.
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let url = format!("{}{path}", self.address);
        let answer = match method {
            "POST" => {
                let body = body.map_or_else(|| "{}".to_owned(), Value::to_string);
                let request = self.agent.post(&url);
                request
                    .header("Content-Type", "application/json")
                    .send(body)
            }
            "DELETE" => self.agent.delete(&url).call(),
            _ => self.agent.get(&url).call(),
        };
        let failed = |e: &dyn std::fmt::Display| format!("{method} {path}: {e}");
        let mut answer = answer.map_err(|e| failed(&e))?;
        let body = answer.body_mut().with_config().limit(256 << 20);
        let body = body.read_to_string().map_err(|e| failed(&e))?;
        let body: Value = serde_json::from_str(&body).map_err(|e| failed(&e))?;
        let value = body["value"].clone();
        match value["error"].as_str() {
            Some(error) if !answer.status().is_success() => {
                let message = value["message"].as_str().unwrap_or_default();
                let first = message.lines().next().unwrap_or_default();
                Err(format!("{error}: {first}"))
            }
            _ => Ok(value),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It ends by itself when asked to, and its browsers with it.
        let _ = self.ask("GET", "/shutdown", None);
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Keys that have no letter, as WebDriver names them.
pub(crate) mod key {
    pub(crate) const ENTER: &str = "\u{e007}";
    pub(crate) const TAB: &str = "\u{e004}";
    pub(crate) const ESCAPE: &str = "\u{e00c}";
    pub(crate) const END: &str = "\u{e010}";
    pub(crate) const HOME: &str = "\u{e011}";
    pub(crate) const LEFT: &str = "\u{e012}";
    pub(crate) const UP: &str = "\u{e013}";
    pub(crate) const RIGHT: &str = "\u{e014}";
    pub(crate) const DOWN: &str = "\u{e015}";
}

/// A browser; closes with this value. Where a test failed, it leaves a picture behind.
pub(crate) struct Browser<'d> {
    driver: &'d Driver,
    name: &'static str,
    session: String,
}

impl Browser<'_> {
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let path = format!("{}{path}", self.session);
        self.driver.ask(method, &path, body)
    }

    fn command(&self, method: &str, path: &str, body: Value) -> Value {
        let answer = self.ask(method, path, Some(&body));
        answer.unwrap_or_else(|e| panic!("the browser does not do {path}: {e}"))
    }

    /// Opens an address, and waits until it is loaded.
    pub(crate) fn open(&self, url: &str) {
        self.command("POST", "/url", json!({ "url": url }));
    }

    /// The address as it stands in the browser.
    pub(crate) fn url(&self) -> String {
        let url = self.command("GET", "/url", Value::Null);
        url.as_str().expect("an address is text").to_owned()
    }

    /// The browser's own Back.
    pub(crate) fn back(&self) {
        self.command("POST", "/back", json!({}));
    }

    /// The browser's own Forward.
    pub(crate) fn forward(&self) {
        self.command("POST", "/forward", json!({}));
    }

    /// The browser's own Reload.
    pub(crate) fn reload(&self) {
        self.command("POST", "/refresh", json!({}));
    }

    /// Runs the body of a function, and gives what it returns.
    pub(crate) fn run(&self, body: &str, arguments: &[Value]) -> Value {
        let body = json!({ "script": body, "args": arguments });
        self.command("POST", "/execute/sync", body)
    }

    /// Runs the body of a function that waits: its last argument is called with the answer.
    pub(crate) fn run_async(&self, body: &str, arguments: &[Value]) -> Value {
        let body = json!({ "script": body, "args": arguments });
        self.command("POST", "/execute/async", body)
    }

    /// Waits in the browser until an expression is truthy, and gives its value; `None` if the time is over.
    pub(crate) fn until(
        &self,
        expression: &str,
        arguments: &[Value],
        time: Duration,
    ) -> Option<Value> {
        let body = format!(
            "const done = arguments[arguments.length - 1], time = arguments[arguments.length - 2];
             const args = [...arguments].slice(0, -2), begun = performance.now();
             const value = () => {{ try {{ return ({expression}); }} catch {{ return null; }} }};
             const look = () => {{
                 const found = value();
                 if (found) done({{ found }});
                 else if (performance.now() - begun > time) done(null);
                 else setTimeout(look, 10);
             }};
             look();"
        );
        let mut arguments = arguments.to_vec();
        arguments.push(json!(time.as_millis() as u64));
        let body = json!({ "script": body, "args": arguments });
        // The page may go while it is asked: then the new one is asked.
        for _ in 0..3 {
            match self.ask("POST", "/execute/async", Some(&body)) {
                Ok(Value::Null) => return None,
                Ok(answer) => return Some(answer["found"].clone()),
                Err(e) if e.contains("unload") || e.contains("navigat") => {}
                Err(e) => panic!("the browser does not wait for `{expression}`: {e}"),
            }
        }
        None
    }

    /// Clicks where a person would: on the middle of the first element of a selector.
    pub(crate) fn click(&self, selector: &str) {
        let found = json!({ "using": "css selector", "value": selector });
        // It may be drawn anew between the two commands.
        let mut last = String::new();
        for _ in 0..3 {
            let clicked = self
                .ask("POST", "/element", Some(&found))
                .and_then(|element| {
                    let id = element
                        .as_object()
                        .and_then(|object| object.values().next());
                    let id = id.and_then(Value::as_str).unwrap_or_default();
                    self.ask("POST", &format!("/element/{id}/click"), Some(&json!({})))
                });
            match clicked {
                Ok(_) => return,
                Err(e) if e.contains("stale") => last = e,
                Err(e) => panic!("{selector} cannot be clicked: {e}"),
            }
        }
        panic!("{selector} cannot be clicked: {last}");
    }

    /// Presses and releases each of these keys, one after the other.
    pub(crate) fn press(&self, keys: &str) {
        let strokes: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                let stroke = |kind: &str| json!({ "type": kind, "value": key.to_string() });
                [stroke("keyDown"), stroke("keyUp")]
            })
            .collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes });
        self.command("POST", "/actions", json!({ "actions": [keyboard] }));
    }

    /// A command of the browser's own protocol.
    pub(crate) fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.command("POST", "/goog/cdp/execute", body)
    }

    /// Makes the window as large as that, in pixels.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size);
    }

    /// What was logged since the last time: `browser` for its console, `performance` for what its protocol told.
    pub(crate) fn log(&self, kind: &str) -> Vec<Value> {
        let log = self.command("POST", "/se/log", json!({ "type": kind }));
        log.as_array().expect("a log is a list").clone()
    }

    /// Opens a second tab, and gives the names of this one and of it.
    pub(crate) fn second_tab(&self) -> (String, String) {
        let this = self.command("GET", "/window", Value::Null);
        let other = self.command("POST", "/window/new", json!({ "type": "tab" }));
        let name = |name: &Value| name.as_str().expect("a tab has a name").to_owned();
        (name(&this), name(&other["handle"]))
    }

    /// Goes to a tab.
    pub(crate) fn tab(&self, name: &str) {
        self.command("POST", "/window", json!({ "handle": name }));
    }

    /// What is seen, as PNG in base64.
    fn picture(&self) -> Result<Vec<u8>, String> {
        let picture = self.ask("GET", "/screenshot", None)?;
        Ok(decoded(picture.as_str().unwrap_or_default()))
    }
}

impl Drop for Browser<'_> {
    fn drop(&mut self) {
        if thread::panicking()
            && let Ok(picture) = self.picture()
        {
            let file = scratch().join(format!("browser-{}.png", self.name));
            if fs::write(&file, picture).is_ok() {
                eprintln!("{}: what was seen is in {}", self.name, file.display());
            }
        }
        let _ = self.ask("DELETE", "", None);
    }
}

/// Where tests may leave files.
pub(crate) fn scratch() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// Base64, of a picture; other characters are skipped.
fn decoded(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text
        .bytes()
        .filter_map(|b| LETTERS.iter().position(|&l| l == b));
    let digits: Vec<usize> = digits.collect();
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    for group in digits.chunks(4) {
        let bits = group.iter().fold(0, |bits, digit| bits << 6 | digit);
        let bits = bits << (6 * (4 - group.len()));
        let whole = [(bits >> 16) as u8, (bits >> 8) as u8, bits as u8];
        bytes.extend_from_slice(&whole[..group.len() * 6 / 8]);
    }
    bytes
}

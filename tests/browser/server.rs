//! `allways explore`, as a process of its own: of the binary over its catalogue, or of this program over the tests' own.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// A model and a property of it that is violated: in two steps.
pub(crate) const SHORT: (&str, &str) = ("duva-join/fire-and-forget", "no migration to a stranger");

/// In 18 steps of three actors, two of which know of each other by the third alone.
pub(crate) const RACE: (&str, &str) = ("isolation/read-uncommitted", "no lost update");

/// In 12 steps, of which the last four repeat for ever.
pub(crate) const LASSO: (&str, &str) = (
    "failure-detector/ping-asynchronous",
    "in the end only crashed processes are suspected",
);

/// Two properties that only two runs, or a run without end, contradict: the first of them by two runs that end differently.
pub(crate) const PAIR: (&str, &str, [&str; 1]) = (
    "crdt/g-counter-volatile",
    "the same updates end in the same values",
    ["in the end all replicas show the same"],
);

/// Messages that are longer than a label has room for, and lossy links.
pub(crate) const LONG_LABELS: (&str, &str) = (
    "crdt/plain-counter",
    "a replica shows what the updates that it knows of amount to",
);

/// With this in its environment, this program is `allways` over the tests' own catalogue.
pub(crate) const AS_ALLWAYS: &str = "ALLWAYS_BROWSER_TEST_IS_ALLWAYS";

/// Starting takes longer only where something is wrong.
const START_TIME: Duration = Duration::from_secs(120);

/// Checks of the models here take a few seconds, without optimisation.
const CHECK_TIME: Duration = Duration::from_secs(300);

/// A pause between two looks at something that is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// `allways` over the tests' own catalogue (`models.rs`).
pub(crate) fn own() -> Command {
    let this = env::current_exe().expect("this program has a place");
    let mut command = Command::new(this);
    command.env(AS_ALLWAYS, "1");
    command
}

/// A running explorer; ends with this value.
pub(crate) struct Server {
    process: Child,
    url: String,
}

impl Server {
    /// Explores a model of the catalogue: what stands behind `allways explore`.
    pub(crate) fn of(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_allways"));
        command.arg("explore").args(arguments);
        Self::started(command)
    }

    /// Explores a model of the tests' own.
    pub(crate) fn of_own(arguments: &[&str]) -> Self {
        let mut command = own();
        command.arg("explore").args(arguments);
        Self::started(command)
    }

    fn started(mut command: Command) -> Self {
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the explorer starts");
        let said = process.stdout.take().expect("it is piped");
        let (send, url) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
        let url = url.recv_timeout(START_TIME).unwrap_or_else(|_| {
            let _ = process.kill();
            panic!("{command:?} prints no address");
        });
        Server { process, url }
    }

    /// The address that was printed, with the token.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The address of the page with something behind the `#`. Opened first, it lets the browser in as well.
    pub(crate) fn url_of(&self, hash: &str) -> String {
        format!("{}#{hash}", self.url)
    }

    /// Scheme, name and port.
    pub(crate) fn origin(&self) -> &str {
        let end = self.url.find("/?").expect("a path and a token");
        &self.url[..end]
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        let (_, port) = self.origin().rsplit_once(':').expect("a port");
        port.parse().expect("a port")
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// An answer of its API, as text.
    pub(crate) fn text(&self, path: &str) -> String {
        let (_, token) = self.url.rsplit_once("token=").expect("a token");
        let cookie = format!("allways-{}={token}", self.port());
        let url = format!("{}/api/v1{path}", self.origin());
        let answer = ureq::get(&url).header("Cookie", &cookie).call();
        let mut answer = answer.unwrap_or_else(|e| panic!("{path}: {e}"));
        let body = answer.body_mut().read_to_string();
        body.unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    /// An answer of its API.
    pub(crate) fn get(&self, path: &str) -> Value {
        let text = self.text(path);
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}: {text}"))
    }

    /// Waits for the check in the background, and gives what it said.
    pub(crate) fn checked(&self) -> Value {
        let begun = Instant::now();
        loop {
            let run = self.get("/run");
            if run["state"] == "done" {
                return run;
            }
            assert!(
                begun.elapsed() < CHECK_TIME,
                "the check does not end: {run}"
            );
            thread::sleep(LOOK_EVERY);
        }
    }

    /// The path of the counterexample to a property, once the check is done.
    pub(crate) fn counterexample(&self, property: &str) -> String {
        let number = self.property(property);
        let run = self.checked();
        let found = run["discoveries"].as_array().expect("a list");
        let found = found.iter().find(|one| one["property"] == number);
        let found = found.unwrap_or_else(|| panic!("{property} has no counterexample: {run}"));
        assert_eq!(found["verdict"], "violated", "{property}");
        found["paths"][0].as_str().expect("a path").to_owned()
    }

    /// The number of a property.
    pub(crate) fn property(&self, name: &str) -> u64 {
        let model = self.get("/model");
        let properties = model["properties"].as_array().expect("a list");
        let found = properties.iter().find(|one| one["name"] == name);
        let found = found.unwrap_or_else(|| panic!("no property is called {name}: {model}"));
        found["property"].as_u64().expect("a number")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

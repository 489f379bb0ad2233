//! The explorer: a server for one person, on this machine unless told otherwise, with a JSON API and the page that draws it.
//!
//! Computes no meaning: what is answered comes from `explore`, so the page says what the terminal says. The API is that of `openapi.json`, which
//! a test holds against the server. State is addressed by path and there are no sessions; only the check in the background is one thing that all requests share.
//!
//! The one room with async, and only at its edge: a thread of its own walks the model (`walker.rs`), another checks it (`run.rs`), and what they answer is handed
//! to the sockets. Who may ask at all is decided in one place, `guard.rs`, before any other code sees a request.

mod answer;
mod api;
mod assets;
mod guard;
mod hub;
mod model;
mod run;
mod walker;

pub use guard::Token;
pub use model::ModelView;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use crate::catalogue::{Checkable, Entry, Values, Variant};
use crate::error::Error;
use crate::explore::Refused;
use crate::search::{Monitor, Options};
use crate::trace::{About, Trace};
use guard::Guard;
use hub::Hub;
use walker::Walker;

/// How often a server looks whether it is to stop.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What is explored.
pub struct Subject<'a> {
    /// The model.
    pub entry: &'a Entry,
    /// Its variant.
    pub variant: &'a Variant,
    /// The values of its parameters.
    pub values: Values,
    /// A trace to begin with.
    pub trace: Option<Trace>,
    /// How the background checks it.
    pub options: Options,
    /// Whether a check begins by itself.
    pub checks: bool,
    /// Makes, for each check, somebody who watches it beside the page.
    pub watch: &'a (dyn Fn() -> Box<dyn Monitor> + Sync),
    /// The command that opens it again.
    pub command: String,
}

impl Subject<'_> {
    fn about(&self) -> About {
        About {
            model: self.entry.model.clone(),
            variant: self.variant.name.clone(),
            parameters: self.values.texts(),
            hash_seed: self.options.hash_seed,
        }
    }

    fn expected(&self, property: &str) -> crate::search::Verdict {
        self.variant.expected(property)
    }
}

/// A server that listens, and has answered nothing yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    token: Token,
}

impl Server {
    /// Listens.
    ///
    /// # Errors
    /// The address is in use, or is not this machine's.
    pub fn listen(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Server {
            address: listener.local_addr()?,
            listener,
            token: Token::new()?,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address to open: it holds the token.
    pub fn url(&self) -> String {
        format!("http://{}/?token={}", self.shown(), self.token.text())
    }

    /// The address as a browser on this machine reaches it.
    fn shown(&self) -> SocketAddr {
        let mut shown = self.address;
        if shown.ip().is_unspecified() {
            shown.set_ip(match shown.ip() {
                std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
            });
        }
        shown
    }

    /// Serves until `stop` says so. `listens` is called once everything is ready.
    ///
    /// # Errors
    /// The model is at fault; there are no threads left.
    pub fn serve(
        self,
        subject: &Subject<'_>,
        build: &(dyn Fn() -> Result<Box<dyn Checkable>, Error> + Sync),
        listens: impl FnOnce(&str),
        stop: impl Fn() -> bool,
    ) -> Result<(), Error> {
        let mut explorer = build()?.explorer(subject.about());
        let model = ModelView::of(subject, &mut explorer).map_err(|refused| match refused {
            Refused::Request(e) | Refused::File(e) | Refused::Foreign(e) | Refused::Model(e) => e,
        })?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|e| Error::capacity(format!("the server cannot start: {e}")))?;
        let url = self.url();
        let guard = Guard::new(self.address, self.token);
        std::thread::scope(|scope| {
            let walker = Walker::start(scope, explorer)?;
            let hub = Arc::new(Hub::new(model.properties.len()));
            let checker =
                run::Checker::start(scope, subject, build, Arc::clone(&hub), walker.clone())?;
            if subject.checks {
                // Nothing runs yet, so it is taken.
                let _ = checker.begin(run::Limits::default());
            }
            let app = Arc::new(api::App {
                model,
                walker,
                checker,
                hub: Arc::clone(&hub),
            });
            let served = runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(self.listener)?;
                let router = api::router(app, guard);
                listens(&url);
                let serving = axum::serve(listener, router);
                tokio::select! {
                    served = serving.into_future() => served,
                    () = stopped(stop) => Ok(()),
                }
            });
            hub.close();
            // Streams without end are not waited for.
            runtime.shutdown_background();
            served.map_err(|e| Error::capacity(format!("the server stopped: {e}")))
        })
    }
}

async fn stopped(stop: impl Fn() -> bool) {
    while !stop() {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

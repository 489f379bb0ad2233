//! The page: its files, embedded, each by name. There is no other way to a file.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A file of the page.
struct Asset {
    /// Behind the first slash of its address.
    path: &'static str,
    bytes: &'static [u8],
}

macro_rules! assets {
    ($($path:literal),* $(,)?) => {
        [$(Asset {
            path: $path,
            bytes: include_bytes!(concat!("page/", $path)),
        }),*]
    };
}

/// All of them; a test holds the list against the folder.
static ASSETS: &[Asset] = &assets![
    "actions.js",
    "api.js",
    "app.js",
    "compare.js",
    "drop.js",
    "find.js",
    "glyphs.js",
    "headline.js",
    "help.js",
    "icon.svg",
    "index.html",
    "keyboard.js",
    "label.js",
    "live.js",
    "main.js",
    "memory.js",
    "paths.js",
    "properties.js",
    "resource.js",
    "route.js",
    "rows.js",
    "scrubber.js",
    "spacetime.js",
    "state.js",
    "steps.js",
    "style.css",
    "theme.js",
    "topbar.js",
    "tree.js",
    "types.js",
    "vendor/lit-html/LICENSE",
    "vendor/lit-html/directive-helpers.js",
    "vendor/lit-html/directive.js",
    "vendor/lit-html/directives/live.js",
    "vendor/lit-html/directives/repeat.js",
    "vendor/lit-html/lit-html.js",
    "vendor/manifest.json",
    "visited.js",
    "words.js",
];

/// The type of a file, by its ending.
fn kind(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        _ => "text/plain; charset=utf-8",
    }
}

/// What stands at an address, if anything does; the page itself at the shortest.
pub(super) fn serve(path: &str, headers: &HeaderMap) -> Option<Response> {
    let name = match path.strip_prefix('/')? {
        "" => "index.html",
        name => name,
    };
    let asset = ASSETS.iter().find(|asset| asset.path == name)?;
    // Quoted hexadecimal: a header can hold it.
    let etag = format!("\"{:032x}\"", xxhash_rust::xxh3::xxh3_128(asset.bytes));
    let known = headers.get(header::IF_NONE_MATCH);
    let is_known = known.is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => asset.bytes.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(name)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    #[test]
    fn every_file_of_the_page_is_served() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/explorer/page");
        let mut found = BTreeSet::new();
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(root.join(&folder)).expect("it can be listed") {
                let path = folder.join(entry.expect("it can be listed").file_name());
                if root.join(&path).is_dir() {
                    folders.push(path);
                } else {
                    let parts = path.iter().map(|part| part.to_str().expect("it is text"));
                    found.insert(parts.collect::<Vec<_>>().join("/"));
                }
            }
        }
        let served: BTreeSet<String> = ASSETS.iter().map(|a| a.path.to_owned()).collect();
        assert_eq!(served, found, "the list in assets.rs is not the folder's");
    }
}

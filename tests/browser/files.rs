//! Paths as files: saved by the page, dropped on it, read by others.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::page::{PATIENCE, Page};
use crate::server::{LASSO, RACE, Server};
use crate::{Stage, mermaid};

/// Saves the path in a format by the page's menu, and gives the file.
pub(crate) fn save(page: &Page<'_, '_>, downloads: &Path, format: &str) -> PathBuf {
    let folder = into(page, downloads);
    page.browser.click("[data-command=export]");
    let item = format!("[data-menu=export] [data-format=\"{format}\"]");
    page.wait_for(&item);
    page.browser.click(&item);
    await_saved(&folder)
}

/// From now on what is saved goes into a new folder.
pub(crate) fn into(page: &Page<'_, '_>, downloads: &Path) -> PathBuf {
    let folder = tempfile::tempdir_in(downloads).expect("a folder").keep();
    let where_to = json!({ "behavior": "allow", "downloadPath": folder });
    page.browser
        .devtools("Browser.setDownloadBehavior", where_to);
    folder
}

/// Waits until a folder has a file that is whole.
pub(crate) fn await_saved(folder: &Path) -> PathBuf {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let files = fs::read_dir(folder).expect("it can be listed");
        let files: Vec<_> = files.map(|file| file.expect("it can be listed")).collect();
        // What is still coming has an ending of the browser's beside it.
        if let [file] = &files[..]
            && file.path().extension().is_some_and(|e| e != "crdownload")
            && file.metadata().is_ok_and(|about| about.len() > 0)
        {
            return file.path();
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("nothing is saved in {}", folder.display());
}

/// Drops a file on the page, as from another program.
fn drop_file(page: &Page<'_, '_>, name: &str, text: &str) {
    page.browser.run(
        "const [name, text] = arguments, files = new DataTransfer();
         files.items.add(new File([text], name, { type: 'application/json' }));
         const target = document.querySelector('main');
         for (const kind of ['dragenter', 'dragover', 'drop'])
             target.dispatchEvent(new DragEvent(kind, { dataTransfer: files, bubbles: true, cancelable: true }));",
        &[json!(name), json!(text)],
    );
}

/// What the page says of the path that it shows.
fn said(page: &Page<'_, '_>) -> Value {
    page.checked();
    json!({
        "path": page.path(),
        "at": page.at(),
        "steps": page.n_steps(),
        "headline": page.text("[data-headline] h2"),
        "verdicts": page.verdicts(),
    })
}

/// Point 13, the file of ours.
pub(crate) fn export_and_drop(stage: &Stage<'_>) {
    for (model, property) in [RACE, LASSO] {
        let server = Server::of(&[model]);
        let path = server.counterexample(property);
        let browser = stage.browser();
        let page = Page::open(&browser, &server.url_of(&format!("p={path}")));
        page.wait_path(&path);
        let shown = said(&page);
        let file = save(&page, stage.downloads(), "json");
        let text = fs::read_to_string(&file).expect("it is text");

        // Somewhere else, and then back by the file alone.
        let model = server.get("/model");
        page.follow(model["start"].as_str().expect("a path"), 0);
        let name = file.file_name().expect("it has a name").to_string_lossy();
        drop_file(&page, &name, &text);
        page.wait_path(&path);
        assert_eq!(said(&page), shown);

        // What is no trace is refused, and the page stays where it was.
        drop_file(&page, "notes.json", "{\"not\": \"a trace\"}");
        page.wait_for("[data-notice=error]");
        assert!(page.text("[data-notice=error]").contains("notes.json"));
        assert_eq!(said(&page), shown);
    }
}

/// Point 13, the formats of others.
pub(crate) fn formats(stage: &Stage<'_>) {
    for (model, property) in [RACE, LASSO] {
        let server = Server::of(&[model]);
        let path = server.counterexample(property);
        let header = server.get(&format!("/paths/{path}"));
        let loop_start = header["loop"]["start"].as_u64();
        let n_steps = header["n_steps"].as_u64().expect("a number") as usize;
        let browser = stage.browser();
        let page = Page::open(&browser, &server.url_of(&format!("p={path}")));
        page.wait_path(&path);
        let names = server.get("/model");
        let names = names["formats"].as_array().expect("a list").clone();
        let has = |name: &str| names.iter().any(|format| format["name"] == name);
        let read = |format: &str| {
            let file = save(&page, stage.downloads(), format);
            fs::read_to_string(file).expect("it is text")
        };

        let picture = read("svg");
        let picture = roxmltree::Document::parse(&picture).expect("well-formed XML");
        let root = picture.root_element();
        assert_eq!(root.tag_name().name(), "svg");
        assert_eq!(
            root.tag_name().namespace(),
            Some("http://www.w3.org/2000/svg")
        );
        let texts: String = root.descendants().filter_map(|node| node.text()).collect();
        assert!(texts.contains(property), "{texts}");

        let lines = mermaid::parse(&read("mermaid"));
        let loops = lines
            .iter()
            .filter(|line| matches!(line, mermaid::Line::Loop(_)));
        assert_eq!(loops.count(), usize::from(loop_start.is_some()));

        if has("itf") {
            let itf: Value = serde_json::from_str(&read("itf")).expect("it is JSON");
            let states = itf["states"].as_array().expect("a list");
            assert!(states.len() >= n_steps, "a state for each step");
            assert_eq!(itf["loop"].as_u64(), loop_start, "the loop is kept");
        }
    }
}

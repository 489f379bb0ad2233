//! The report as a page: `--format html`.

use std::collections::BTreeSet;

use allways::catalogue::{Agreement, Values};
use allways::prelude::*;
use allways::report::{
    Finding, Html, Measured, Notice, Report, Reporter, Subject, Tally, TraceFile,
};
use allways::search::{Options, Verdict};
use allways::space::ActorSpace;
use allways::trace::{self, About};

use crate::cli::Sandbox;
use crate::formats::html::{page, text_of};
use crate::stories::EVIL;

/// What `check` with these arguments writes as a page.
fn written(args: &[&str], code: i32) -> String {
    let sandbox = Sandbox::new();
    let format = ["-q", "--format", "html=report.html"];
    let run = sandbox.run(&[args, &format].concat());
    assert_eq!(run.code, code, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("unique states"), "the terminal is told");
    std::fs::read_to_string(sandbox.path("report.html")).expect("it was written")
}

/// The page loads nothing and runs nothing, and everything that it refers to is in it.
fn is_closed(html: &str) {
    let closed = page(html);
    let page = roxmltree::Document::parse(&closed).expect("well-formed");
    let (mut ids, mut wanted) = (BTreeSet::new(), BTreeSet::new());
    for node in page.descendants().filter(roxmltree::Node::is_element) {
        let tag = node.tag_name().name();
        let forbidden = ["script", "img", "link", "iframe", "object", "form"];
        assert!(!forbidden.contains(&tag), "{tag}");
        for attribute in node.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            assert!(!name.starts_with("on") && name != "src", "{name}");
            match name {
                "id" => assert!(ids.insert(value.to_owned()), "{value} twice"),
                "href" => {
                    let target = value.strip_prefix('#').expect("a place in the page");
                    wanted.insert(target.to_owned());
                }
                _ => {
                    let target = value.strip_prefix("url(#");
                    assert!(target.is_some() || !value.contains("url("), "{value}");
                    wanted.extend(target.map(|target| target.trim_end_matches(')').to_owned()));
                }
            }
        }
    }
    let missing: Vec<_> = wanted.difference(&ids).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(html.contains("content=\"default-src 'none'; style-src 'unsafe-inline'\""));
    assert!(html.contains("prefers-color-scheme:dark"));
    assert!(!html.contains(|c: char| c.is_control() && c != '\n'));
}

#[test]
fn a_run_is_a_page_with_a_table_and_the_traces_of_what_is_violated() {
    let html = written(&["check", "duva-join/fire-and-forget", "links/raw"], 0);
    is_closed(&html);
    let closed = page(&html);
    let page = roxmltree::Document::parse(&closed).expect("well-formed");
    let text = text_of(page.root_element());
    for part in [
        "2 checks: 2 as expected",
        "duva-join/fire-and-forget",
        "links/raw",
        "violated in 2 steps, as expected",
        "shortest possible",
        "step 2 makes it false: member[0].stranger None → Some(joiner)",
        "unique states",
        "joiner ─ Join ─▶ seed",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let of = |name: &str| page.descendants().filter(|n| n.has_tag_name(name)).count();
    assert_eq!(of("article"), 2);
    // A picture for each violation; all are expected, so all is folded.
    let violated = html.matches("<details class=\"trace\"").count();
    assert!(violated >= 2, "{violated}");
    assert_eq!(html.matches("<svg ").count(), violated);
    assert_eq!(html.matches("<details open=\"\"><summary><h2>").count(), 0);
    assert_eq!(html.matches("class=\"trace\" open").count(), 0);
    // It is the same for any number of threads, but for what is measured.
    let same = |html: &str| -> Vec<String> {
        let lines = html.lines().filter(|line| !line.contains("<dt>measured"));
        lines.map(str::to_owned).collect()
    };
    let args = [
        "check",
        "duva-join/fire-and-forget",
        "links/raw",
        "--threads",
        "3",
    ];
    assert_eq!(same(&html), same(&written(&args, 0)));
}

#[test]
fn what_is_not_as_expected_is_open() {
    let sandbox = Sandbox::new();
    let list = "[[check]]\nmodel = \"two-phase-commit-tla\"\nparams = { rms = 2 }\nexpect = { consistent = \"holds\" }\n\
                [[check]]\nmodel = \"links\"\nvariant = \"raw\"\ntime = \"0s\"\n";
    std::fs::write(sandbox.path("allways.toml"), list).expect("it can be written");
    let args = ["ci", "-q", "--update-lock", "--format", "html"];
    let run = sandbox.run(&args);
    assert_eq!(run.code, 1, "{}", run.stderr);
    let html = run.stdout;
    is_closed(&html);
    for part in [
        "3 checks: 1 as expected, 1 not as expected, 1 undecided",
        "expected: holds",
        "<strong class=\"bad\">no</strong>",
        "undecided</span>",
        "behaviour not locked",
        "class=\"trace\" open=\"\"",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    let open = html.matches("<details open=\"\"><summary><h2>").count();
    assert_eq!(open, 2, "the one as expected is folded");
}

/// Fails at once.
struct Evil;

impl Actor for Evil {
    type Msg = String;
    type State = String;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> String {
        String::new()
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, String>, _: Id, msg: String, _: &mut Out<Self>) {
        *state.to_mut() = msg;
    }
}

#[test]
fn what_a_model_says_is_text() {
    let mut sys = System::new();
    let evil = sys.actor(EVIL, Evil);
    sys.stimulus(EVIL, evil.id(), EVIL.to_owned());
    sys.always(EVIL, move |s| s[evil].is_empty());
    let mut space = ActorSpace::new(sys).expect("it is whole");
    let options = Options::default();
    let outcome = allways::check(&mut space, &options, &()).expect("it is sound");
    let mut findings = Vec::new();
    for property in &outcome.properties {
        findings.push(Finding {
            outcome: property.clone(),
            expected: Verdict::Holds,
            agreement: Agreement::of(Verdict::Holds, property.verdict, false),
            trace: trace::record(&mut space, property, &About::default()).expect("a trace"),
            explanation: None,
            file: TraceFile::NotWritten(EVIL.to_owned()),
        });
    }
    let report = Report {
        subject: Subject {
            model: EVIL.to_owned(),
            variant: EVIL.to_owned(),
            details: EVIL.to_owned(),
            origin: None,
            params: Values::default(),
            options,
        },
        findings,
        outcome,
        mutants: None,
        measured: Measured {
            seconds: 0.0,
            bytes_peak: 0,
            threads: 1,
        },
    };
    let mut html = Html::default();
    let error = allways::Error::model(EVIL).with_cure(EVIL);
    assert_eq!(html.text(&Notice::Finished(&report)), "");
    assert_eq!(html.text(&Notice::Failed(&report.subject, &error)), "");
    assert_eq!(html.text(&Notice::NotBegun(&report.subject)), "");
    let tally = Tally {
        contradicted: 1,
        failed: 1,
        ..Tally::default()
    };
    let html = html.text(&Notice::Ended(&tally));
    assert!(html.contains("2 checks: 1 not as expected, 1 not checked"));
    is_closed(&html);
    assert!(!html.contains("<img"), "{html}");
}

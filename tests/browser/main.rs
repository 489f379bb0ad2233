//! The explorer in a real browser: each point of its acceptance as a test, in headless Chromium, over the binary and real models.
//!
//! The program is also `allways` over models of its own (`models.rs`): what takes a model that no catalogue has is tested here too (`stuck.rs`).
//!
//! Not a test of how the page is built: tests see what a person sees, through roles, texts and the hooks that the page promises
//! (`src/explorer/page/main.js`). Without a browser none of these passes: every test is reported as ignored, with what to install, or
//! as failed where `ALLWAYS_REQUIRE_BROWSER=1` says that there has to be one. `ALLWAYS_MEASURE=1` adds the measurements of `docs/benchmarks.md`.

mod access;
mod diagram;
mod driver;
mod files;
mod finding;
mod hostile;
mod labels;
mod links;
mod long;
mod looping;
mod measure;
#[path = "../it/mermaid/grammar.rs"]
mod mermaid;
mod models;
mod narrow;
mod page;
mod pair;
mod running;
mod server;
mod state;
mod stuck;
mod vendored;

use std::env;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tempfile::TempDir;

use driver::{Browser, Driver, Tools};

/// What a test has at hand.
struct Stage<'d> {
    driver: &'d Driver,
    name: &'static str,
    /// Where its browsers put what is saved.
    downloads: TempDir,
}

impl Stage<'_> {
    /// A new browser that knows nothing.
    fn browser(&self) -> Browser<'_> {
        self.driver.browser(self.name, self.downloads.path())
    }

    fn downloads(&self) -> &Path {
        self.downloads.path()
    }
}

type Test = fn(&Stage<'_>);

/// The acceptance, point by point.
const POINTS: [(&str, Test); 19] = [
    (
        "01_a_violated_model_shows_verdict_property_and_step_without_a_click_within_a_second",
        finding::without_a_click,
    ),
    (
        "02_v_selects_the_violating_step_and_one_step_earlier_the_property_holds",
        finding::violating_step,
    ),
    (
        "03_a_violating_state_reached_by_another_path_reads_violated_too",
        finding::another_path,
    ),
    (
        "04_an_action_appends_a_step_and_back_and_forward_restore_the_paths",
        links::back_and_forward,
    ),
    (
        "05_reload_and_a_fresh_session_restore_step_selection_hidden_actors_filter_and_tab",
        links::restored,
    ),
    (
        "06_a_link_into_a_changed_model_shows_the_valid_prefix_and_where_it_changed",
        links::changed_model,
    ),
    (
        "07_selecting_a_receive_marks_the_past_and_future_that_vector_clocks_give",
        diagram::cone,
    ),
    (
        "08_hiding_an_actor_removes_its_lane_and_dashes_the_edges_through_it",
        diagram::hidden_actor,
    ),
    (
        "09_one_changed_field_in_a_nested_state_is_one_row_with_old_and_new",
        state::one_field,
    ),
    (
        "10_a_liveness_counterexample_shows_its_loop_and_goes_round_in_it",
        looping::goes_round,
    ),
    (
        "11_counters_grow_until_a_verdict_and_a_stopped_server_is_seen_and_found_again",
        running::from_counters_to_disconnection,
    ),
    (
        "12_five_thousand_steps_open_in_two_seconds_and_step_in_a_tenth",
        long::five_thousand_steps,
    ),
    (
        "13_an_exported_trace_that_is_dropped_on_the_page_is_the_same_path",
        files::export_and_drop,
    ),
    ("13_pictures_and_other_formats_can_be_read", files::formats),
    (
        "14_markup_in_a_model_is_text_and_nothing_leaves_the_origin",
        hostile::markup_is_text,
    ),
    ("15_all_of_it_by_keyboard_only", access::keyboard),
    (
        "15_axe_finds_nothing_serious_in_light",
        access::axe_in_light,
    ),
    ("15_axe_finds_nothing_serious_in_dark", access::axe_in_dark),
    ("15_reduced_motion_is_respected", access::reduced_motion),
];

/// What else a person sees, and would miss.
const MORE: [(&str, Test); 8] = [
    (
        "two_runs_that_end_differently_are_a_counterexample",
        pair::shown,
    ),
    (
        "a_trace_of_two_runs_is_opened_and_saved_as_such",
        pair::opened,
    ),
    (
        "actions_on_long_messages_say_what_they_are",
        labels::actions,
    ),
    (
        "steps_keep_receiver_and_verdict_where_there_is_little_room",
        labels::steps,
    ),
    ("parameters_are_there_on_a_phone", narrow::parameters),
    (
        "an_empty_map_and_a_timer_read_as_in_the_terminal",
        state::as_in_the_terminal,
    ),
    (
        "the_headline_counts_verdicts_and_no_boundary_is_made_up",
        running::stopped_early,
    ),
    (
        "a_server_that_was_started_for_another_model_is_another_page",
        running::another_model,
    ),
];

/// Figures, not verdicts.
const MEASUREMENTS: [(&str, Test); 1] = [("measure_the_explorer", measure::all)];

fn main() -> ExitCode {
    if env::var_os(server::AS_ALLWAYS).is_some() {
        return allways::cli::run(models::catalogue());
    }
    let mut arguments = Arguments::from_args();
    // Several points are about time: no test may slow down another.
    arguments.test_threads.get_or_insert(1);
    // Started by the first test that needs it.
    let driver = Arc::new(OnceLock::new());
    let mut trials = vec![Trial::test(
        "what_is_vendored_is_what_was_published",
        || {
            vendored::check();
            Ok(())
        },
    )];
    trials.push(Trial::test(
        "what_never_returns_is_named_and_ends_the_program",
        || {
            stuck::named();
            Ok(())
        },
    ));
    #[cfg(unix)]
    trials.push(Trial::test(
        "what_never_returns_ends_with_the_second_interrupt",
        || {
            stuck::interrupted();
            Ok(())
        },
    ));
    for (name, test) in POINTS.into_iter().chain(MORE) {
        let driver = Arc::clone(&driver);
        trials.push(Trial::ignorable_test(name, move || {
            perform(&driver, name, test)
        }));
    }
    for (name, test) in MEASUREMENTS {
        let driver = Arc::clone(&driver);
        trials.push(Trial::ignorable_test(name, move || {
            match is_set("ALLWAYS_MEASURE") {
                true => perform(&driver, name, test),
                false => Ok(Completion::ignored_with("only with ALLWAYS_MEASURE=1")),
            }
        }));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| value == "1")
}

/// Runs a test, if there is a browser.
fn perform(
    driver: &OnceLock<Result<Driver, String>>,
    name: &'static str,
    test: Test,
) -> Result<Completion, Failed> {
    let driver = driver.get_or_init(|| Tools::find().and_then(Driver::start));
    let driver = match driver {
        Ok(driver) => driver,
        Err(why) if is_set("ALLWAYS_REQUIRE_BROWSER") => return Err(why.into()),
        Err(why) => return Ok(Completion::ignored_with(why)),
    };
    test(&Stage {
        driver,
        name,
        downloads: TempDir::new()?,
    });
    Ok(Completion::Completed)
}

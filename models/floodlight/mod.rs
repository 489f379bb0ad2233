//! Floodlight: a link fails while the master changes, and nobody takes the flows off it.
//!
//! Source: "Event ordering: seven approaches to coping with concurrency", with its footnotes.
//!
//! Switches keep one hot connection to a master controller and cold ones to replicas; only the master changes flow tables. A link fails (E1) and the
//! switch notifies all controllers (E2, E4), but the master has died (E3), and the replica that is told ignores it (E5) before it becomes the master
//! itself (E6). The flow stays on the dead link: a persistent blackhole. The text goes through the ways in which controllers could be written
//! instead. They are the variants here, and differ in the controllers alone: switches, links, environment, faults, election and properties are
//! shared (`network.rs`, `control.rs`, `stage.rs`), and each family of designs has a file.
//!
//! - *Take it case-by-case* (`case_by_case.rs`). `naive` is the story. `case-by-case` stores link failures for later, and holds; but "how do we know there
//!   isn't another race condition lurking somewhere else in the code?" In `case-by-case-switch-connect` a switch connects with entries of an
//!   earlier life, and the replica ignores that instead: footnote 3, the bug that Floodlight really had.
//! - *Replicate the computation* (`replicated.rs`). In the order of the text's words, the commands and then the decision to the backups
//!   (`replicate-after`), flows are right in the end, but a new master need not know what the switches were told: its order is not that of its
//!   predecessor. If commands wait until all backups have the decision (`replicate-first`), it is.
//! - *Make your event handlers transactional* (`transactional.rs`). Handlers run on what their controller knows, and the master aborts what conflicts.
//!   Here too switches are updated before the backups acknowledge, as in the text; what was not committed the next master undoes.
//! - *Reorder events when no one will notice* (`virtual_synchrony.rs`, `membership.rs`). Atomic multicast in views, several masters. If concurrent
//!   operations are delivered in any order, and two of them conflict (`virtual-synchrony-reordered`), somebody does notice: two masters put two
//!   policy changes in different orders, and packets go round between their switches for ever. That operations are not causally related is no
//!   reason that their order does not matter. They have to commute (`virtual-synchrony-reordered-no-conflict`) or to be ordered (`virtual-synchrony-conflict`).
//! - *Make yourself stateless* (`stateless.rs`). On taking over, and on every event, the master asks the switches and computes everything anew. It has
//!   to ask for ports: the tables, "the ground truth", do not show a dead link (`stateless-tables-only`).
//! - *Force yourself to be stateless* (`declarative.rs`). Rules over a set of facts, in every controller; only the master's result goes out.
//! - *Guarantee self-stabilization* (`self_stabilising.rs`). From all contents of the tables, of the master's beliefs and of the messages in flight the
//!   network comes to a configuration without loops and dead ends.
//!
//! The broken variants, by their minimal traces:
//! - `naive` has the events of the story. The crash is put last, since nothing depends on its place: the notification to the old master is still in
//!   flight. Heartbeats may be missed before, for slow ones are missed as well.
//! - `case-by-case-switch-connect`: the same, with a link that fails before its switch connects.
//! - `replicate-after`: the old master, deposed and not aware of it yet, commands what its successor has not decided. A crash between the command and
//!   the message to the backup does the same.
//! - `stateless-tables-only`: the story of `naive`; the new master asks, and learns of the flow, but not that its link is dead.
//! - `virtual-synchrony-reordered`: each of two members delivers its own operator's change first.
//!
//! With `--set fencing=false` switches obey whoever commands. Then `at most one master writes` is violated in every design with a master; in
//! `declarative` and `transactional` a blackhole may stay for ever, and in virtual synchrony, where the policy changes while members go, a loop: a
//! member that is out of the view, and does not know it, has the last word. Consensus on who is master tells no switch who is deposed.
//!
//! Where the source leaves something open:
//! - Election is one actor, correct, as the text assumes. It asks the master for heartbeats; if none has come when they are due, it elects the next
//!   controller in a fixed order. The master may as well be slow, so a deposed one may still act. Commands carry the number of their master's
//!   election (its epoch; in virtual synchrony the view), and switches turn down what is older than they have seen, as OpenFlow does by generation ids.
//! - Who is deposed is out of the group; backups are those who may still become master. The last of them does not crash: somebody has to be left.
//! - Connections keep their order, as TCP does. One flow goes from each switch to a destination, and a command replaces the flow table.
//! - A single switch has two links to the destination; several stand in a row, each with a link of its own. Only links to the destination fail, for good.
//! - A policy is a link to be avoided where there is another way. The operator asks one controller, the last, which is a replica at first and hands it
//!   on. What switches have to tell they tell all controllers, so nobody hands that on.
//! - A master waits for all backups, and sends its whole log: what comes from a later master replaces it.
//! - Every handler reads the whole configuration, so transactions conflict whenever they overlap. A rollback waits until the change has committed, and
//!   puts back what the change's transaction found.
//! - Of several policies, the declarative rules take the one about the greatest link: facts have no order.
//! - Who is in the process group is told by a correct component, which collects what each member has delivered before it installs the next view. In total
//!   order the first member of a view orders. Members share the switches (two at least); each is the master of its own. The first member may crash.
//! - Self-stabilising switches send the next port status when the last was answered, so that each channel holds one. They send it on the hot connection
//!   only: a replica would drop it, and forgets what it believed when it is promoted, and asks. So it is the first master's beliefs that are
//!   arbitrary at first, with the tables and what is in flight. There are two switches at least: one cannot have a loop.
//! - Controllers crash between events; in the replicated and transactional designs and in virtual synchrony also in the middle of a handler.
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `naive` | 264 | 680 | 10 |
//! | `case-by-case` | 230 | 625 | 10 |
//! | `case-by-case-switch-connect` | 1,314 | 4,132 | 14 |
//! | `replicate-after` | 6,111 | 23,871 | 15 |
//! | `replicate-first` | 5,591 | 20,710 | 16 |
//! | `stateless` | 7,924 | 26,747 | 23 |
//! | `stateless-tables-only` | 1,076 | 3,115 | 16 |
//! | `declarative` | 14,280 | 53,379 | 16 |
//! | `transactional` | 79,709 | 351,358 | 27 |
//! | `virtual-synchrony` | 7,597 | 35,604 | 20 |
//! | `virtual-synchrony-join` | 12,058 | 50,266 | 23 |
//! | `virtual-synchrony-conflict` | 87,161 | 451,000 | 28 |
//! | `virtual-synchrony-reordered` | 889 | 2,210 | 13 |
//! | `virtual-synchrony-reordered-no-conflict` | 10,987 | 46,550 | 19 |
//! | `self-stabilising` | 189,228 | 1,062,925 | 18 |

use allways::prelude::*;

mod case_by_case;
mod control;
mod declarative;
mod membership;
mod network;
mod replicated;
mod self_stabilising;
mod stage;
mod stateless;
mod transactional;
mod virtual_synchrony;

use case_by_case::CaseByCase;
use replicated::Replicated;
use stage::Scenario;
use stateless::Stateless;
use virtual_synchrony::Setting;

params! {
    struct Params {
        /// switches
        switches: usize = 1, 1..=2;
        /// controllers: a master, and those that may follow it
        controllers: usize = 2, 2..=3;
        /// links that may fail
        link_failures: usize = 1, 1..=2;
        /// controllers that may crash; the last never does
        crashes: u32 = 1, 0..=2;
        /// whether a switch connects late in the replicated, transactional and declarative designs too
        switch_connects: bool = false;
        /// whether switches turn down the commands of deposed masters
        fencing: bool = true;
    }
}

fn late() -> Scenario {
    Scenario {
        connects_late: true,
        ..Scenario::default()
    }
}

/// The same, with switches that obey whoever commands.
fn unfenced(p: &Params) -> Params {
    Params {
        fencing: false,
        ..p.clone()
    }
}

catalogue_entry! {
    "floodlight", Params,
    "A distributed controller for a network: a link fails while the master changes.",
    source "Event ordering: seven approaches to coping with concurrency",
    "naive" => |p| case_by_case::system(p, CaseByCase { stores_link_failures: false }, Scenario::default()),
        violates "no persistent blackhole",
        violates "flows take the best way in the end";
    "case-by-case" => |p| case_by_case::system(p, CaseByCase { stores_link_failures: true }, Scenario::default());
    "case-by-case-switch-connect" => |p| case_by_case::system(p, CaseByCase { stores_link_failures: true }, late()),
        violates "no persistent blackhole",
        violates "flows take the best way in the end";
    "replicate-after" => |p| replicated::system(p, Replicated::After),
        violates "the master knows what switches were told, in the same order";
    "replicate-first" => |p| replicated::system(p, Replicated::First),
        mistake "no fencing" => |p| replicated::system(&unfenced(p), Replicated::First);
    "stateless" => |p| stateless::system(p, Stateless { asks_for_ports: true }),
        mistake "no fencing" => |p| stateless::system(&unfenced(p), Stateless { asks_for_ports: true });
    "stateless-tables-only" => |p| stateless::system(p, Stateless { asks_for_ports: false }),
        violates "recovery time",
        violates "no persistent blackhole",
        violates "flows take the best way in the end";
    "declarative" => declarative::system,
        mistake "no fencing" => |p| declarative::system(&unfenced(p));
    "transactional" => transactional::system,
        mistake "no fencing" => |p| transactional::system(&unfenced(p));
    "virtual-synchrony" => |p| virtual_synchrony::system(p, Setting::CRASH);
    "virtual-synchrony-join" => |p| virtual_synchrony::system(p, Setting::JOIN);
    "virtual-synchrony-conflict" => |p| virtual_synchrony::system(p, Setting::CONFLICT);
    "virtual-synchrony-reordered" => |p| virtual_synchrony::system(p, Setting::REORDERED),
        violates "no loops, no dead ends",
        violates "members and switches agree in the end",
        violates "configuration";
    "virtual-synchrony-reordered-no-conflict" => |p| virtual_synchrony::system(p, Setting::REORDERED_NO_CONFLICT);
    "self-stabilising" => self_stabilising::system;
}

//! The models of `models/`, taken in as they are; each compiles unchanged in a crate of its own.

use crate::catalogue::Catalogue;

#[path = "../models/akka_join/mod.rs"]
mod akka_join;
#[path = "../models/article_edit/mod.rs"]
mod article_edit;
#[path = "../models/broadcast/mod.rs"]
mod broadcast;
#[path = "../models/chain_replication/mod.rs"]
mod chain_replication;
#[path = "../models/charging_station/mod.rs"]
mod charging_station;
#[path = "../models/clocks.rs"]
mod clocks;
#[path = "../models/crdt.rs"]
mod crdt;
#[path = "../models/duva_join/mod.rs"]
mod duva_join;
#[path = "../models/failure_detector.rs"]
mod failure_detector;
#[path = "../models/floodlight/mod.rs"]
mod floodlight;
#[path = "../models/isolation.rs"]
mod isolation;
#[path = "../models/leader_election/mod.rs"]
mod leader_election;
#[path = "../models/links.rs"]
mod links;
#[path = "../models/money_transfer.rs"]
mod money_transfer;
#[path = "../models/raft/mod.rs"]
mod raft;
#[path = "../models/ravendb_queue/mod.rs"]
mod ravendb_queue;
#[path = "../models/read_model.rs"]
mod read_model;
#[path = "../models/session_push/mod.rs"]
mod session_push;
#[path = "../models/sqlite_lock/mod.rs"]
mod sqlite_lock;
#[path = "../models/state_machine.rs"]
mod state_machine;
#[path = "../models/two_phase_commit.rs"]
mod two_phase_commit;
#[path = "../models/two_phase_commit_tla.rs"]
pub mod two_phase_commit_tla;

/// All of them, in the order they are listed.
pub fn catalogue() -> Catalogue {
    Catalogue::new([
        duva_join::entry(),
        floodlight::entry(),
        ravendb_queue::entry(),
        links::entry(),
        failure_detector::entry(),
        clocks::entry(),
        leader_election::entry(),
        raft::entry(),
        chain_replication::entry(),
        broadcast::entry(),
        state_machine::entry(),
        crdt::entry(),
        two_phase_commit::entry(),
        money_transfer::entry(),
        isolation::entry(),
        session_push::entry(),
        charging_station::entry(),
        akka_join::entry(),
        article_edit::entry(),
        read_model::entry(),
        sqlite_lock::entry(),
        two_phase_commit_tla::entry(),
    ])
    .collection()
}

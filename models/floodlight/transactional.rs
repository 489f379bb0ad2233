//! Make your event handlers transactional: any controller runs them, the master puts the results in order.

use allways::prelude::*;

use super::Params;
use super::control::{Controller, Design, Post};
use super::network::{Configuration, Epoch, LinkId, Msg, Notice};
use super::stage::{Scenario, Stage, latest};

message! {
    pub(super) enum Transactions {
        /// To the master: what my handler came to. Back from it: in conflict with what was decided meanwhile.
        Submit(Transaction), Abort(Notice),
        /// To the backups: the transactions, serialized; a backup has so many of them; so many are committed.
        Serialized { epoch: Epoch, log: Vec<Transaction> }, Ack { epoch: Epoch, n: usize }, Commit { epoch: Epoch, n: usize },
    }

    /// A handler's run.
    pub(super) struct Transaction {
        notice: Notice,
        /// How many transactions had been decided in the state that the handler read.
        read: usize,
        /// What it comes to: the flow tables.
        flows: Vec<(Id, Option<LinkId>)>,
        /// The link that the policy avoided before, in case that this is rolled back.
        avoided_before: Option<LinkId>,
        /// It has been aborted, and this is another run.
        is_retry: bool,
    }
}

/// Handlers run as transactions. Each reads the whole configuration, so whatever is decided after it was read is a conflict.
#[derive(Clone, Copy)]
pub(super) struct Transactional;

state! {
    #[derive(Default)]
    pub(super) struct Memory {
        /// The transactions in the master's order, the committed ones first.
        log: Vec<Transaction>,
        n_committed: usize,
        /// The epoch in which they were ordered.
        ordered_in: Epoch,
        /// What we were told and is not decided, as far as we know.
        held: Vec<Notice>,
        /// As a master: the backups that have the whole log.
        acks: Set<Id>,
    }
}

impl Memory {
    fn configuration(&self) -> Configuration {
        let mut configuration = Configuration::default();
        for (transaction, i) in self.log.iter().zip(0..) {
            match transaction.notice {
                Notice::RollBack => configuration.avoided = self.before_policy(i),
                ref notice => configuration.apply(notice),
            }
        }
        configuration
    }

    /// What the policy was before the last change among the first so many transactions.
    fn before_policy(&self, n: usize) -> Option<LinkId> {
        let mut changes = self.log[..n].iter().rev();
        let last = changes.find(|transaction| matches!(transaction.notice, Notice::Avoid(_)));
        last.and_then(|transaction| transaction.avoided_before)
    }

    fn notices(&self) -> Vec<Notice> {
        self.log.iter().map(|t| t.notice.clone()).collect()
    }

    /// Whether the handler can run: what is to be rolled back has to be committed.
    fn is_ready(&self, notice: &Notice) -> bool {
        let mut committed = self.log[..self.n_committed].iter();
        *notice != Notice::RollBack || committed.any(|t| matches!(t.notice, Notice::Avoid(_)))
    }

    /// Whether there is nothing to be done: it is known already, or there is nothing to be rolled back.
    fn is_idle(&self, notice: &Notice) -> bool {
        let mut known = self.log.iter().map(|t| &t.notice).chain(&self.held);
        match notice {
            Notice::RollBack => !known.any(|n| matches!(n, Notice::Avoid(_))),
            _ => known.any(|n| n == notice),
        }
    }
}

impl Transactional {
    /// Runs the handler of a notice in what we know.
    fn run(self, post: &Post<'_>, memory: &Memory, notice: &Notice, is_retry: bool) -> Transaction {
        let mut after = memory.configuration();
        let avoided_before = after.avoided;
        match notice {
            Notice::RollBack => after.avoided = memory.before_policy(memory.log.len()),
            _ => after.apply(notice),
        }
        Transaction {
            notice: notice.clone(),
            read: memory.log.len(),
            flows: post.routes(&after).collect(),
            avoided_before,
            is_retry,
        }
    }

    /// Runs what is held and ready, or so much of it as `wanted`: the master for itself, another for the master.
    fn run_held(
        self,
        post: &Post<'_>,
        memory: &mut Memory,
        wanted: impl Fn(&Notice) -> bool,
        is_retry: bool,
        o: &mut Out<Controller<Self>>,
    ) {
        for notice in memory.held.clone() {
            // What switches tell, the master is told too.
            let is_ours = post.is_master() || notice.is_request();
            if !is_ours || !wanted(&notice) || !memory.is_ready(&notice) {
                continue;
            }
            let transaction = self.run(post, memory, &notice, is_retry);
            if post.is_master() {
                memory.held.retain(|held| *held != notice);
                self.decide(post, memory, transaction, o);
            } else {
                let submit = Transactions::Submit(transaction);
                o.send(post.master, Msg::Transactions(submit));
            }
        }
    }

    /// The master takes a transaction into its order, and updates the switches.
    fn decide(
        self,
        post: &Post<'_>,
        memory: &mut Memory,
        transaction: Transaction,
        o: &mut Out<Controller<Self>>,
    ) {
        let flows = transaction.flows.clone();
        memory.log.push(transaction);
        let notices = memory.notices();
        for (switch, flow) in flows {
            post.write(switch, flow, &notices, o);
        }
        self.replicate(post, memory, o);
    }

    fn replicate(self, post: &Post<'_>, memory: &mut Memory, o: &mut Out<Controller<Self>>) {
        memory.ordered_in = post.epoch;
        memory.acks.clear();
        for backup in post.backups() {
            let (epoch, log) = (post.epoch, memory.log.clone());
            o.send(
                backup,
                Msg::Transactions(Transactions::Serialized { epoch, log }),
            );
        }
        self.commit_if_acknowledged(post, memory, o);
    }

    fn commit_if_acknowledged(
        self,
        post: &Post<'_>,
        memory: &mut Memory,
        o: &mut Out<Controller<Self>>,
    ) {
        if post.backups().all(|backup| memory.acks.contains(&backup)) {
            let (epoch, n) = (post.epoch, memory.log.len());
            for backup in post.backups() {
                o.send(backup, Msg::Transactions(Transactions::Commit { epoch, n }));
            }
            self.committed(post, memory, n, o);
        }
    }

    /// So many are committed: what was to be rolled back may be among them.
    fn committed(
        self,
        post: &Post<'_>,
        memory: &mut Memory,
        n: usize,
        o: &mut Out<Controller<Self>>,
    ) {
        let was_ready = memory.is_ready(&Notice::RollBack);
        memory.n_committed = n;
        if !was_ready {
            self.run_held(post, memory, |n| *n == Notice::RollBack, false, o);
        }
    }
}

impl Design for Transactional {
    type State = Memory;

    fn notified(
        &self,
        post: &Post<'_>,
        memory: &mut Memory,
        notice: Notice,
        o: &mut Out<Controller<Self>>,
    ) {
        if !memory.is_idle(&notice) {
            memory.held.push(notice.clone());
            self.run_held(post, memory, |held| *held == notice, false, o);
        }
    }

    /// What was decided is in force again; then comes what no master knew of.
    fn promoted(&self, post: &Post<'_>, memory: &mut Memory, o: &mut Out<Controller<Self>>) {
        post.configure(&memory.configuration(), &memory.notices(), o);
        self.replicate(post, memory, o);
        self.run_held(post, memory, |_| true, false, o);
    }

    fn outranked(&self, post: &Post<'_>, memory: &mut Memory, o: &mut Out<Controller<Self>>) {
        self.run_held(post, memory, |_| true, false, o);
    }

    fn received(
        &self,
        post: &Post<'_>,
        memory: &mut Memory,
        src: Id,
        msg: Msg,
        o: &mut Out<Controller<Self>>,
    ) {
        let Msg::Transactions(msg) = msg else { return };
        match msg {
            Transactions::Submit(transaction) => {
                if !post.is_master() || memory.is_idle(&transaction.notice) {
                    return;
                }
                if transaction.read == memory.log.len() {
                    self.decide(post, memory, transaction, o);
                } else {
                    let abort = Transactions::Abort(transaction.notice);
                    o.send(src, Msg::Transactions(abort));
                }
            }
            Transactions::Abort(notice) => {
                self.run_held(post, memory, |held| *held == notice, true, o);
            }
            Transactions::Serialized { epoch, log } => {
                if epoch >= post.epoch.max(memory.ordered_in) {
                    let n = log.len();
                    let decided = |notice: &Notice| log.iter().any(|t| t.notice == *notice);
                    memory.held.retain(|notice| !decided(notice));
                    (memory.log, memory.ordered_in) = (log, epoch);
                    o.send(src, Msg::Transactions(Transactions::Ack { epoch, n }));
                }
            }
            Transactions::Ack { epoch, n } => {
                if epoch == post.epoch && n == memory.log.len() {
                    memory.acks.insert(src);
                    self.commit_if_acknowledged(post, memory, o);
                }
            }
            Transactions::Commit { epoch, n } => {
                if epoch >= post.epoch.max(memory.ordered_in) {
                    self.committed(post, memory, n, o);
                }
            }
        }
    }
}

pub(super) fn system(p: &Params) -> System<Msg> {
    let scenario = Scenario {
        connects_late: p.switch_connects,
        crashes_inside: true,
        ..Scenario::default()
    };
    let mut stage = Stage::new(p, p.controllers, scenario);
    for controller in stage.controllers.iter() {
        let world = stage.world.clone();
        let design = Transactional;
        stage.sys.set(controller, Controller { design, world });
    }
    stage.election();
    stage.best_way(latest);
    stage.policy_change("a policy change", Notice::Avoid(0));
    stage.policy_change("its rollback", Notice::RollBack);
    let (network, of) = (stage.world.network, stage.switches.clone());
    stage
        .sys
        .always("rollback restores the previous configuration", move |s| {
            (0..).zip(of.iter()).all(|(i, w): (usize, _)| {
                let decisions = &s[w].decisions;
                // All that was decided, but for what was taken back.
                let rest = decisions.iter().filter(|notice| !notice.is_request());
                !decisions.contains(&Notice::RollBack)
                    || s[w].flow == network.routes(&Configuration::after(rest))[i]
            })
        });
    let of = stage.switches.clone();
    stage
        .sys
        .reachable("a policy change is rolled back", move |s| {
            of.iter()
                .any(|w| s[w].decisions.contains(&Notice::RollBack))
        });
    let of = stage.controllers.clone();
    stage
        .sys
        .reachable("a transaction aborts and its retry commits", move |s| {
            of.iter().filter_map(|c| s.state(c)).any(|state| {
                let memory = &state.memory;
                memory.log[..memory.n_committed].iter().any(|t| t.is_retry)
            })
        });
    stage.sys
}

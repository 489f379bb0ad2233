//! A server of the cluster. Section numbers are those of the paper ("In Search of an Understandable Consensus Algorithm", extended version).

use allways::prelude::*;

/// The number of an election.
pub(super) type Term = u8;

/// A place in the log, from 1; 0 is before the first.
pub(super) type Index = usize;

message! {
    #[derive(Deserialize)]
    pub(super) enum Msg {
        /// From a candidate, with its last entry.
        RequestVote { term: Term, last: Position },
        Vote { term: Term },
        /// From the leader: what comes after `previous`, if you have that; and how far entries are committed.
        AppendEntries { term: Term, previous: Position, entries: Vec<Entry>, committed: Index },
        /// We have what the leader has, up to here; we have not got what precedes.
        Appended { term: Term, matched: Index }, Refused { term: Term, previous: Index },
    }

    #[derive(Deserialize)]
    pub(super) enum Timer {
        /// Nothing was heard of a leader for too long.
        Election,
        /// There is something new to tell this follower: the heartbeat that says it.
        Heartbeat(Id),
        /// A client's request reaches the leader.
        Request,
    }

    /// An entry's place; that of a later term is greater, and in one term the later one (5.4.1).
    #[derive(Copy, Default, Deserialize)]
    pub(super) struct Position { pub(super) term: Term, pub(super) index: Index }

    #[derive(Deserialize)]
    pub(super) struct Entry { pub(super) term: Term, pub(super) command: Command }

    #[derive(Deserialize)]
    pub(super) enum Command {
        /// What a client asked of this leader.
        Request(Id),
        /// Nothing, but in the leader's own term.
        NoOp,
        /// From here on these are the servers of the cluster.
        Servers(Set<Id>),
    }
}

/// Where the designs differ.
#[derive(Clone, Copy)]
pub(super) struct Design {
    /// A vote is saved before it is given.
    pub(super) saves_votes: bool,
    /// An entry of an older term counts as committed as soon as a majority has it (Figure 8).
    pub(super) commits_older_terms: bool,
    pub(super) changes: Changes,
}

/// When a leader may take a server out of the cluster.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Changes {
    Never,
    /// As soon as the change before is committed.
    OneAtATime,
    /// And once an entry of the leader's own term is: it begins its term with one that does nothing.
    AfterNoOp,
}

/// Raft as it should be, without changes of the cluster.
pub(super) const CORRECT: Design = Design {
    saves_votes: true,
    commits_older_terms: false,
    changes: Changes::Never,
};

pub(super) struct Server {
    pub(super) design: Design,
    /// The cluster, as long as the log says nothing else.
    pub(super) servers: Set<Id>,
    /// Whether we call elections.
    pub(super) stands: bool,
    /// Whether clients ask us.
    pub(super) is_asked: bool,
    /// Whether followers are told at once what is committed, and not only with the next entry.
    pub(super) announces: bool,
    /// Whom the operator may take out of the cluster.
    pub(super) removable: Set<Id>,
    /// What was saved before the beginning of the run.
    pub(super) start: Kept,
    /// Whether we have just won the election of that term.
    pub(super) starts_as_leader: bool,
}

state! {
    /// What is saved, and survives crashes.
    #[derive(Default, Deserialize)]
    pub(super) struct Kept {
        pub(super) term: Term,
        /// Whom we gave our vote of this term.
        pub(super) voted_for: Option<Id>,
        pub(super) log: Vec<Entry>,
    }

    #[derive(Deserialize)]
    pub(super) struct State {
        pub(super) kept: Kept,
        /// The entries that we know to be committed: they have been given to the state machine.
        pub(super) applied: Vec<Entry>,
        pub(super) role: Role,
    }

    #[derive(Deserialize)]
    pub(super) enum Role {
        Follower,
        Candidate { votes: Set<Id> },
        Leader { followers: Map<Id, Progress> },
    }

    /// What a leader knows of a follower.
    #[derive(Copy, Deserialize)]
    pub(super) struct Progress {
        /// The entry to send next.
        next: Index,
        /// The last entry that is known to be the same there.
        matched: Index,
    }
}

impl Kept {
    fn term_at(&self, index: Index) -> Option<Term> {
        match index.checked_sub(1) {
            Some(place) => self.log.get(place).map(|entry| entry.term),
            None => Some(0),
        }
    }

    fn position(&self, index: Index) -> Option<Position> {
        self.term_at(index).map(|term| Position { term, index })
    }

    fn last(&self) -> Position {
        self.position(self.log.len()).unwrap_or_default()
    }

    /// Takes over what comes after `previous`; what contradicts it goes (5.3).
    fn append(&mut self, previous: Index, entries: Vec<Entry>) {
        for (place, entry) in (previous..).zip(entries) {
            if self.log.get(place) != Some(&entry) {
                self.log.truncate(place);
                self.log.push(entry);
            }
        }
    }
}

impl State {
    /// Gives the state machine what is committed, up to here.
    fn apply(&mut self, committed: Index) {
        if let Some(new) = self.kept.log.get(self.applied.len()..committed) {
            self.applied.extend_from_slice(new);
        }
    }
}

impl Server {
    fn save(&self, kept: &Kept, o: &mut Out<Self>) {
        let mut saved = kept.clone();
        if !self.design.saves_votes {
            saved.voted_for = None;
        }
        o.save(saved);
    }

    /// The cluster: the last that the log names, committed or not.
    fn cluster<'a>(&'a self, kept: &'a Kept) -> &'a Set<Id> {
        let mut named = kept
            .log
            .iter()
            .rev()
            .filter_map(|entry| match &entry.command {
                Command::Servers(servers) => Some(servers),
                _ => None,
            });
        named.next().unwrap_or(&self.servers)
    }

    fn is_majority(&self, kept: &Kept, have: impl Fn(&Id) -> bool) -> bool {
        let cluster = self.cluster(kept);
        cluster.iter().filter(|server| have(server)).count() >= majority(cluster.len())
    }

    /// There is a newer term: whatever we were in ours, we follow in that one.
    fn enter(&self, state: &mut State, term: Term, o: &mut Out<Self>) {
        if let Role::Leader { followers } = &state.role {
            for &follower in followers.keys() {
                o.cancel_timer(Timer::Heartbeat(follower));
            }
            o.cancel_timer(Timer::Request);
            o.remove_random("remove");
            self.wait(o);
        }
        state.kept.term = term;
        state.kept.voted_for = None;
        state.role = Role::Follower;
        self.save(&state.kept, o);
    }

    fn wait(&self, o: &mut Out<Self>) {
        if self.stands {
            o.set_timer(Timer::Election, model_timeout());
        }
    }

    fn lead(&self, me: Id, state: &mut State, o: &mut Out<Self>) {
        o.cancel_timer(Timer::Election);
        let progress = Progress {
            next: state.kept.log.len() + 1,
            matched: 0,
        };
        let followers = self
            .servers
            .without(&me)
            .into_iter()
            .map(|follower| (follower, progress));
        state.role = Role::Leader {
            followers: followers.collect(),
        };
        if self.design.changes == Changes::AfterNoOp {
            self.add(me, state, Command::NoOp, o);
        } else if !state.kept.log.is_empty() {
            self.tell_all(me, state, o);
        }
        if self.is_asked {
            o.set_timer(Timer::Request, model_timeout());
        }
        self.offer_change(me, state, o);
    }

    /// A new entry of our own.
    fn add(&self, me: Id, state: &mut State, command: Command, o: &mut Out<Self>) {
        let term = state.kept.term;
        state.kept.log.push(Entry { term, command });
        self.save(&state.kept, o);
        self.tell_all(me, state, o);
    }

    fn tell_all(&self, me: Id, state: &State, o: &mut Out<Self>) {
        for &follower in self
            .cluster(&state.kept)
            .iter()
            .filter(|&&server| server != me)
        {
            o.set_timer(Timer::Heartbeat(follower), model_timeout());
        }
    }

    /// Lets the operator take a server out of the cluster, if this is the time for it.
    fn offer_change(&self, me: Id, state: &State, o: &mut Out<Self>) {
        let log = &state.kept.log;
        let own = |entry: &&Entry| entry.term == state.kept.term;
        let is_change = |entry: &Entry| matches!(entry.command, Command::Servers(_));
        let change_pends = log.iter().skip(state.applied.len()).any(is_change);
        let is_time = match self.design.changes {
            Changes::Never => false,
            Changes::OneAtATime => true,
            Changes::AfterNoOp => state.applied.iter().any(|entry| own(&entry)),
        };
        let changed_before = log.iter().filter(own).any(is_change);
        if is_time && !change_pends && !changed_before {
            let cluster = self.cluster(&state.kept).clone();
            let removable = cluster.intersection(self.removable.without(&me));
            o.choose_random("remove", removable.into_iter().collect());
        }
    }

    fn on_request_vote(&self, state: &mut State, src: Id, last: Position, o: &mut Out<Self>) {
        if state.kept.voted_for.is_none() && last >= state.kept.last() {
            state.kept.voted_for = Some(src);
            self.save(&state.kept, o);
            o.send(
                src,
                Msg::Vote {
                    term: state.kept.term,
                },
            );
        }
    }

    fn on_vote(&self, me: Id, state: &mut State, src: Id, o: &mut Out<Self>) {
        if let Role::Candidate { votes } = &mut state.role {
            votes.insert(src);
            let votes = votes.clone();
            if self.is_majority(&state.kept, |server| votes.contains(server)) {
                self.lead(me, state, o);
            }
        }
    }

    fn on_append(
        &self,
        state: &mut State,
        leader: Id,
        previous: Position,
        entries: Vec<Entry>,
        committed: Index,
        o: &mut Out<Self>,
    ) {
        let term = state.kept.term;
        state.role = Role::Follower;
        if state.kept.term_at(previous.index) != Some(previous.term) {
            let previous = previous.index;
            o.send(leader, Msg::Refused { term, previous });
            return;
        }
        let matched = previous.index + entries.len();
        if !entries.is_empty() {
            state.kept.append(previous.index, entries);
            self.save(&state.kept, o);
        }
        state.apply(committed.min(matched));
        o.send(leader, Msg::Appended { term, matched });
    }

    fn on_appended(&self, me: Id, state: &mut State, src: Id, matched: Index, o: &mut Out<Self>) {
        let Role::Leader { followers } = &mut state.role else {
            return;
        };
        let Some(progress) = followers.get_mut(&src) else {
            return;
        };
        progress.matched = progress.matched.max(matched);
        progress.next = progress.next.max(matched + 1);
        if progress.next <= state.kept.log.len() {
            o.set_timer(Timer::Heartbeat(src), model_timeout());
        }
        self.commit(me, state, o);
    }

    /// Commits what a majority has, if it is of our own term: older entries go along with it (5.4.2).
    fn commit(&self, me: Id, state: &mut State, o: &mut Out<Self>) {
        let Role::Leader { followers } = &state.role else {
            return;
        };
        let has = |server: &Id, index| {
            *server == me || followers.get(server).is_some_and(|f| f.matched >= index)
        };
        let is_due = |&index: &Index| {
            let is_own = state.kept.term_at(index) == Some(state.kept.term);
            (is_own || self.design.commits_older_terms)
                && self.is_majority(&state.kept, |server| has(server, index))
        };
        let Some(committed) = (state.applied.len() + 1..=state.kept.log.len())
            .rev()
            .find(is_due)
        else {
            return;
        };
        state.apply(committed);
        if self.announces {
            self.tell_all(me, state, o);
        }
        self.offer_change(me, state, o);
    }

    fn on_refused(&self, state: &mut State, src: Id, previous: Index, o: &mut Out<Self>) {
        if let Role::Leader { followers } = &mut state.role
            && let Some(progress) = followers.get_mut(&src)
            && progress.next == previous + 1
        {
            progress.next = previous;
            o.set_timer(Timer::Heartbeat(src), model_timeout());
        }
    }
}

impl Actor for Server {
    type Msg = Msg;
    type State = State;
    type Timer = Timer;
    /// Whom to take out of the cluster.
    type Random = Id;
    type Storage = Kept;

    fn on_start(&self, me: Id, saved: &Option<Kept>, o: &mut Out<Self>) -> State {
        let mut state = State {
            kept: saved.as_ref().unwrap_or(&self.start).clone(),
            applied: Vec::new(),
            role: Role::Follower,
        };
        self.wait(o);
        if saved.is_none() {
            self.save(&state.kept, o);
            if self.starts_as_leader {
                self.lead(me, &mut state, o);
            }
        }
        state
    }

    fn on_msg(&self, me: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let term = match msg {
            Msg::RequestVote { term, .. }
            | Msg::Vote { term }
            | Msg::AppendEntries { term, .. } => term,
            Msg::Appended { term, .. } | Msg::Refused { term, .. } => term,
        };
        if term < state.kept.term {
            return;
        }
        let state = state.to_mut();
        if term > state.kept.term {
            self.enter(state, term, o);
        }
        match msg {
            Msg::RequestVote { last, .. } => self.on_request_vote(state, src, last, o),
            Msg::Vote { .. } => self.on_vote(me, state, src, o),
            Msg::AppendEntries {
                previous,
                entries,
                committed,
                ..
            } => {
                self.on_append(state, src, previous, entries, committed, o);
            }
            Msg::Appended { matched, .. } => self.on_appended(me, state, src, matched, o),
            Msg::Refused { previous, .. } => self.on_refused(state, src, previous, o),
        }
    }

    fn on_timeout(&self, me: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        match timer {
            Timer::Election => {
                self.wait(o);
                if !self.cluster(&state.kept).contains(&me) {
                    return;
                }
                let state = state.to_mut();
                state.kept.term += 1;
                state.kept.voted_for = Some(me);
                state.role = Role::Candidate {
                    votes: Set::unit(me),
                };
                self.save(&state.kept, o);
                let request = Msg::RequestVote {
                    term: state.kept.term,
                    last: state.kept.last(),
                };
                let cluster = self.cluster(&state.kept).without(&me);
                o.broadcast(&cluster, &request);
            }
            Timer::Heartbeat(follower) => {
                let Role::Leader { followers } = &state.role else {
                    return;
                };
                let Some(progress) = followers.get(follower) else {
                    return;
                };
                let previous = progress.next - 1;
                if let Some(position) = state.kept.position(previous) {
                    let heartbeat = Msg::AppendEntries {
                        term: state.kept.term,
                        previous: position,
                        entries: state.kept.log[previous..].to_vec(),
                        committed: state.applied.len(),
                    };
                    o.send(*follower, heartbeat);
                }
            }
            Timer::Request => {
                self.add(me, state.to_mut(), Command::Request(me), o);
                o.set_timer(Timer::Request, model_timeout());
            }
        }
    }

    fn on_random(&self, me: Id, state: &mut Cow<'_, State>, server: &Id, o: &mut Out<Self>) {
        let servers = self.cluster(&state.kept).without(server);
        self.add(me, state.to_mut(), Command::Servers(servers), o);
    }
}

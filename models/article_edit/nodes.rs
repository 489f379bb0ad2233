//! The write nodes, and the store that they share.

use super::*;

/// The database: a row for each article.
pub(super) struct Store;

state! {
    /// An edit that made the next version of an article.
    pub(super) struct Applied {
        pub(super) edit: Edit,
        /// The version that it was applied to.
        pub(super) onto: Version,
    }
}

/// The edits of each article, in order; before the first it is in version 1.
pub(super) type Articles = Map<Article, Vec<Applied>>;

fn version(articles: &Articles, article: Article) -> Version {
    1 + articles
        .get(&article)
        .map_or(0, |edits| edits.len() as Version)
}

impl Actor for Store {
    type Msg = Msg;
    type State = Articles;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Articles {
        Articles::new()
    }

    fn on_msg(
        &self,
        _: Id,
        articles: &mut Cow<'_, Articles>,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        match msg {
            Msg::Get(article) => o.send(src, Msg::Row(version(articles, article))),
            Msg::Save { edit, only_if } => {
                let onto = version(articles, edit.article);
                if only_if.is_some_and(|expected| expected != onto) {
                    o.send(src, Msg::NewerVersionExists);
                    return;
                }
                let articles = articles.to_mut();
                let mut edits = articles.get(&edit.article).cloned().unwrap_or_default();
                edits.push(Applied { edit, onto });
                articles.insert(edit.article, edits);
                o.send(src, Msg::Saved);
            }
            _ => {}
        }
    }
}

/// A write node: it processes one command after the other.
pub(super) struct Node {
    pub(super) check: Check,
    pub(super) store: Id,
    /// Whom it tells that it is done with a command, if anybody hands it one at a time.
    pub(super) queue: Option<Id>,
    /// On a grid: the articles that are this node's own at first. It processes commands for no others.
    pub(super) keys: Option<Set<Article>>,
}

state! {
    pub(super) struct NodeState {
        pub(super) current: Option<Edit>,
        /// How often the current command was tried again.
        pub(super) retries: u8,
        /// Commands that wait.
        inbox: Vec<Edit>,
        pub(super) keys: Set<Article>,
        /// Articles that are to be another node's, as soon as no command for them is left here.
        migrating: Map<Article, Id>,
    }
}

impl Node {
    /// Begins the next command that this node may process.
    fn next(&self, state: &mut NodeState, o: &mut Out<Self>) {
        if state.current.is_some() {
            return;
        }
        let may = |edit: &Edit| self.keys.is_none() || state.keys.contains(&edit.article);
        if let Some(at) = state.inbox.iter().position(may) {
            let edit = state.inbox.remove(at);
            state.current = Some(edit);
            o.send(self.store, Msg::Get(edit.article));
        }
    }

    /// With the article at hand, in this version: decides, and saves the result.
    fn execute(&self, state: &mut NodeState, edit: Edit, version: Version, o: &mut Out<Self>) {
        let only_if = match self.check {
            Check::None => None,
            Check::ThenAct if version != edit.saw => {
                return self.finish(state, edit, Answer::Conflict, o);
            }
            Check::ThenAct => None,
            Check::OnSave => Some(edit.saw),
            Check::OnSaveRetrying { .. } => Some(version),
        };
        o.send(self.store, Msg::Save { edit, only_if });
    }

    fn finish(&self, state: &mut NodeState, edit: Edit, answer: Answer, o: &mut Out<Self>) {
        o.send(edit.author, Msg::Answer(answer));
        if let Some(queue) = self.queue {
            o.send(queue, Msg::Done(edit));
        }
        state.current = None;
        state.retries = 0;
        self.hand_over(state, o);
        self.next(state, o);
    }

    /// Hands over the keys that are to migrate and that nothing is left to do for.
    fn hand_over(&self, state: &mut NodeState, o: &mut Out<Self>) {
        for (&article, &to) in &state.migrating.clone() {
            let mut commands = state.current.iter().chain(&state.inbox);
            if commands.all(|edit| edit.article != article) {
                state.migrating.remove(&article);
                state.keys.remove(&article);
                o.send(to, Msg::Owned(article));
            }
        }
    }
}

impl Actor for Node {
    type Msg = Msg;
    type State = NodeState;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> NodeState {
        NodeState {
            current: None,
            retries: 0,
            inbox: Vec::new(),
            keys: self.keys.clone().unwrap_or_default(),
            migrating: Map::new(),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, NodeState>, _: Id, msg: Msg, o: &mut Out<Self>) {
        let state = state.to_mut();
        match (msg, state.current) {
            (Msg::Edit(edit), _) => {
                state.inbox.push(edit);
                self.next(state, o);
            }
            (Msg::Row(version), Some(edit)) => self.execute(state, edit, version, o),
            (Msg::Saved, Some(edit)) => self.finish(state, edit, Answer::Applied, o),
            (Msg::NewerVersionExists, Some(edit)) => match self.check {
                Check::OnSaveRetrying { retries } if state.retries < retries => {
                    state.retries += 1;
                    o.send(self.store, Msg::Get(edit.article));
                }
                _ => self.finish(state, edit, Answer::Conflict, o),
            },
            (Msg::Migrate { article, to }, _) => {
                state.migrating.insert(article, to);
                self.hand_over(state, o);
            }
            (Msg::Owned(article), _) => {
                state.keys.insert(article);
                self.next(state, o);
            }
            _ => {}
        }
    }
}

//! A predicate's answers so far. Which component a predicate reads next depends only on those it has read, so its answers are the leaves of a tree:
//! at each node the component that is read, at each edge its number.

use super::keymap::KeyMap;

/// A predicate's answers so far, as a decision tree.
#[derive(Default)]
pub(super) struct Decision {
    nodes: Vec<Node>,
    /// (node, component number) → node.
    edges: KeyMap,
    panics: Vec<String>,
    /// The predicate is run in every state: it reads the network, or hardly any answer is asked for twice.
    pub(super) direct: bool,
    pub(super) reads_network: bool,
    /// How often the predicate was run.
    pub(super) evaluated: u64,
    /// How many states were judged.
    pub(super) judged: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    /// The predicate reads this word.
    Read(u32),
    Answer(bool),
    /// It panics; an index into the messages.
    Panic(u32),
}

/// A predicate's answer in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    Is(bool),
    Panics(String),
}

/// Where a look-up ended without an answer: no tree yet, or no edge.
const ROOT: u32 = u32::MAX;

impl Decision {
    /// One that knows nothing and learns nothing: the predicate is run in every state.
    pub(super) fn direct() -> Self {
        Decision {
            direct: true,
            ..Decision::default()
        }
    }

    /// The answer, if it is known and no panic: what is asked in nearly every state.
    #[inline]
    pub(super) fn known(&self, words: &[u32]) -> Option<bool> {
        let mut at = 0;
        loop {
            match *self.nodes.get(at as usize)? {
                Node::Answer(answer) => return Some(answer),
                Node::Panic(_) => return None,
                Node::Read(word) => at = self.edges.get(at, words[word as usize])?,
            }
        }
    }

    /// The answer; else where the tree ends.
    pub(super) fn look_up(&self, words: &[u32]) -> Result<Truth, (u32, u32)> {
        if self.nodes.is_empty() {
            return Err((ROOT, 0));
        }
        let mut at = 0;
        loop {
            match self.nodes[at as usize] {
                Node::Answer(answer) => return Ok(Truth::Is(answer)),
                Node::Panic(message) => {
                    return Ok(Truth::Panics(self.panics[message as usize].clone()));
                }
                Node::Read(word) => {
                    let key = words[word as usize];
                    at = self.edges.get(at, key).ok_or((at, key))?;
                }
            }
        }
    }

    /// Notes an answer given after reading these words, in order; whether it agrees with the tree.
    pub(super) fn insert(&mut self, words: &[u32], reads: &[u32], truth: &Truth) -> bool {
        let leaf = match truth {
            Truth::Is(answer) => Node::Answer(*answer),
            Truth::Panics(message) => {
                self.panics.push(message.clone());
                Node::Panic(self.panics.len() as u32 - 1)
            }
        };
        let node_after = |n_read: usize| reads.get(n_read).map_or(leaf, |&word| Node::Read(word));
        if self.nodes.is_empty() {
            self.nodes.push(node_after(0));
        }
        let mut at = 0_u32;
        for (n_read, &word) in reads.iter().enumerate() {
            if self.nodes[at as usize] != Node::Read(word) {
                return false;
            }
            let key = words[word as usize];
            at = match self.edges.get(at, key) {
                Some(next) => next,
                None => {
                    self.nodes.push(node_after(n_read + 1));
                    let next = self.nodes.len() as u32 - 1;
                    self.edges.insert(at, key, next);
                    next
                }
            };
        }
        match (self.nodes[at as usize], leaf) {
            (Node::Panic(_), Node::Panic(_)) => true,
            (known, leaf) => known == leaf,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>() + self.edges.bytes()
    }
}

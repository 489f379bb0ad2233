//! Properties and boundaries in a state. A predicate is a pure function of the components it reads, and which component it reads
//! next depends only on those it has read: so its answers are kept in a decision tree over component numbers, and user code
//! runs once per distinct combination of what it looks at.

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::absorb::Miss;
use super::decision::{Decision, Truth};
use super::reading::Reading;
use super::{ActorSpace, Scratch};
use crate::error::Error;
use crate::space::{Answer, Judgement, PropertyKind};
use crate::system::{Activity, Blueprint, Predicate, Test, Thrown, Valuation, guarded_as};

/// Which predicate of the system a question is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    Boundary(usize),
    MayEnd,
    /// The only predicate of a property, or the premise of an `implies` or `leads to`.
    First(usize),
    /// The conclusion of an `implies`, the goal of a `leads to`.
    Second(usize),
}

/// All questions of a system: boundaries first.
pub(super) fn questions(system: &Blueprint) -> Vec<Question> {
    let mut questions: Vec<Question> = (0..system.boundaries.len())
        .map(Question::Boundary)
        .collect();
    questions.extend(system.may_end_when.as_ref().map(|_| Question::MayEnd));
    for (index, property) in system.properties.iter().enumerate() {
        match &property.test {
            Test::Always(_)
            | Test::Reachable(_)
            | Test::Eventually(_)
            | Test::InfinitelyOften(_)
            | Test::Stabilises(_) => questions.push(Question::First(index)),
            Test::Implies(..) | Test::LeadsTo(..) | Test::Measure(..) => {
                questions.extend([Question::First(index), Question::Second(index)])
            }
            Test::Confluent { .. } => {}
        }
    }
    questions
}

/// Above this many evaluations a tree that hardly ever answers is given up.
const TRIAL: u64 = 100_000;

/// So many evaluations of every predicate are surely repeated, to see that it answers alike.
const SURELY_TWICE: u64 = 4096;

/// Whether this evaluation of a predicate is repeated. Predicates can be dear (linearizability is a search of its own), and one that
/// is not a function of the state shows within the first few; so of the later ones only every sixteenth is run again.
fn is_asked_twice(number: u64) -> bool {
    number < SURELY_TWICE || number.is_multiple_of(16)
}

impl ActorSpace {
    pub(super) fn predicate(&self, question: Question) -> &Predicate {
        match question {
            Question::Boundary(index) => &self.system.boundaries[index].1,
            Question::MayEnd => match &self.system.may_end_when {
                Some(predicate) => predicate,
                None => unreachable!("asked only where it is declared"),
            },
            Question::First(index) => match &self.system.properties[index].test {
                Test::Always(predicate)
                | Test::Reachable(predicate)
                | Test::Eventually(predicate)
                | Test::InfinitelyOften(predicate)
                | Test::Stabilises(predicate)
                | Test::LeadsTo(predicate, _)
                | Test::Measure(predicate, _)
                | Test::Implies(predicate, _) => predicate,
                Test::Confluent { .. } => unreachable!("a confluent property has no predicate"),
            },
            Question::Second(index) => match &self.system.properties[index].test {
                Test::Implies(_, conclusion)
                | Test::LeadsTo(_, conclusion)
                | Test::Measure(_, conclusion) => conclusion,
                _ => unreachable!("only an implication has a conclusion"),
            },
        }
    }

    /// The question in words, for errors.
    pub(super) fn question_name(&self, question: Question) -> String {
        match question {
            Question::Boundary(index) => format!("boundary \"{}\"", self.boundaries[index]),
            Question::MayEnd => "the predicate of may_end_when".to_owned(),
            Question::First(index) | Question::Second(index) => {
                format!("property \"{}\"", self.system.properties[index].name)
            }
        }
    }

    /// Runs a predicate; where symmetric actors count as the same, in all images of the state, where it must say the same.
    fn evaluate(
        &self,
        question: Question,
        words: &[u32],
        twice: bool,
    ) -> Result<(Truth, Vec<u32>, bool), Error> {
        let (truth, mut reads, mut reads_network) = self.evaluate_in(question, words, twice)?;
        if self.orbits.is_on {
            for (image, origins) in self.all_images(words) {
                let (other, read_there, network) = self.evaluate_in(question, &image, false)?;
                let is_alike = match (&truth, &other) {
                    (Truth::Is(a), Truth::Is(b)) => a == b,
                    (Truth::Panics(_), Truth::Panics(_)) => true,
                    _ => false,
                };
                if !is_alike {
                    let text = |truth: &Truth| match truth {
                        Truth::Is(answer) => answer.to_string(),
                        Truth::Panics(_) => "it panics".to_owned(),
                    };
                    return Err(self.tells_apart(
                        &self.question_name(question),
                        (words, &text(&truth)),
                        (&image, &text(&other)),
                    ));
                }
                reads_network |= network;
                for word in read_there {
                    let origin = origins[word as usize];
                    if !reads.contains(&origin) {
                        reads.push(origin);
                    }
                }
            }
        }
        Ok((truth, reads, reads_network))
    }

    /// Runs a predicate, perhaps twice; what it said, what it read, and whether it read the network.
    fn evaluate_in(
        &self,
        question: Question,
        words: &[u32],
        twice: bool,
    ) -> Result<(Truth, Vec<u32>, bool), Error> {
        let predicate = self.predicate(question);
        let run = || -> Result<(Truth, Vec<u32>, bool), Error> {
            let reading = Reading::new(self, words);
            let truth = match guarded_as(Activity::Property, || predicate(&reading)) {
                Ok(answer) => Truth::Is(answer),
                Err(Thrown {
                    message,
                    is_mistake: false,
                }) => {
                    let message = format!("{} panicked: {message}", self.question_name(question));
                    Truth::Panics(message)
                }
                Err(Thrown { message, .. }) => {
                    return Err(Error::model(format!(
                        "{}: {message}",
                        self.question_name(question)
                    )));
                }
            };
            let (reads, reads_network) = reading.into_read();
            Ok((truth, reads, reads_network))
        };
        let first = run()?;
        if twice && first != run()? {
            return Err(self.wavers(question, words));
        }
        Ok(first)
    }

    fn wavers(&self, question: Question, words: &[u32]) -> Error {
        let state: Vec<String> = self
            .render_words(words)
            .iter()
            .map(|(name, tree)| format!("{name} = {}", tree.text()))
            .collect();
        Error::model(format!(
            "{} answers differently when it is asked twice about the same state\n  state: {}",
            self.question_name(question),
            state.join(", ")
        ))
        .with_cure("a property must depend on nothing but the snapshot it is given")
    }

    /// The answer of question `index` in a state; `None` if it is missing.
    fn ask(&self, index: usize, words: &[u32], scratch: &mut Scratch) -> Option<Truth> {
        let decision = &self.decisions[index];
        if decision.direct {
            let number: u64 = words.iter().copied().map(u64::from).sum();
            let twice = is_asked_twice(decision.evaluated + number);
            return match self.evaluate(self.questions[index], words, twice) {
                Ok((truth, ..)) => Some(truth),
                Err(error) => {
                    scratch.error.get_or_insert(error);
                    None
                }
            };
        }
        match decision.look_up(words) {
            Ok(truth) => Some(truth),
            Err((node, key)) => {
                let words = words.to_vec();
                scratch.misses.push(Miss::Decide {
                    question: index as u32,
                    node,
                    key,
                    words,
                });
                None
            }
        }
    }

    /// Evaluates predicates where their trees ended.
    pub(super) fn decide(&mut self, misses: Vec<Miss>, judged: u64) -> Result<(), Error> {
        let answers: Vec<_> = misses
            .par_iter()
            .enumerate()
            .map(|(position, miss)| match miss {
                Miss::Decide {
                    question, words, ..
                } => {
                    let evaluated = self.decisions[*question as usize].evaluated;
                    let twice = is_asked_twice(evaluated + position as u64);
                    self.evaluate(self.questions[*question as usize], words, twice)
                        .map(Some)
                }
                _ => Ok(None),
            })
            .collect();
        for (miss, answer) in misses.iter().zip(answers) {
            if let (
                Miss::Decide {
                    question, words, ..
                },
                Some((truth, reads, reads_network)),
            ) = (miss, answer?)
            {
                let decision = &mut self.decisions[*question as usize];
                decision.evaluated += 1;
                decision.reads_network |= reads_network;
                if !decision.insert(words, &reads, &truth) {
                    return Err(self.wavers(self.questions[*question as usize], words));
                }
            }
        }
        for decision in &mut self.decisions {
            decision.judged += judged;
            let hardly_pays =
                decision.evaluated > TRIAL && decision.evaluated * 10 > decision.judged * 9;
            if !decision.direct && (hardly_pays || decision.reads_network) {
                *decision = Decision::direct();
            }
        }
        Ok(())
    }

    /// See [`StateSpace::judge`](crate::space::StateSpace::judge).
    pub(super) fn judge_state(
        &self,
        words: &[u32],
        scratch: &mut Scratch,
        out: &mut Judgement,
    ) -> Answer {
        out.holds = 0;
        out.premise = 0;
        out.outside = 0;
        out.confluent.clear();
        out.quiescent = false;
        out.panic = None;
        scratch.judged += 1;
        if let Some(message) = self.panic_in(words) {
            out.panic = Some(message.to_owned());
            for (index, property) in self.properties.iter().enumerate().skip(1) {
                if property.kind != PropertyKind::Reachable {
                    out.holds |= 1 << index;
                }
            }
            return Answer::Complete;
        }
        let mut is_whole = true;
        let mut is_true = |index: usize, scratch: &mut Scratch, panic: &mut Option<String>| {
            if let Some(answer) = self.decisions[index].known(words) {
                return answer;
            }
            match self.ask(index, words, scratch) {
                Some(Truth::Is(answer)) => answer,
                Some(Truth::Panics(message)) => {
                    panic.get_or_insert(message);
                    true
                }
                None => {
                    is_whole = false;
                    true
                }
            }
        };
        let mut question = 0;
        for boundary in 0..self.system.boundaries.len() {
            if !is_true(question, scratch, &mut out.panic) {
                out.outside |= 1 << boundary;
            }
            question += 1;
        }
        if self.budget.is_bounded() && self.budget.is_beyond(words[self.budget_at()]) {
            out.outside |= 1 << self.system.boundaries.len();
        }
        if out.outside != 0 {
            return if is_whole {
                Answer::Complete
            } else {
                Answer::Missing
            };
        }
        let quiescent = if self.asks_quiescence {
            self.is_quiescent(words, scratch)
        } else {
            Some(false)
        };
        out.quiescent = quiescent == Some(true);
        let mut is_complete = quiescent.is_some();
        for (index, property) in self.properties.iter().enumerate().skip(1) {
            let bit = 1_u64 << index;
            match property.kind {
                PropertyKind::NoPanic => {}
                PropertyKind::NoDeadlock => {
                    let may_end = is_true(question, scratch, &mut out.panic);
                    question += 1;
                    if may_end || !out.quiescent {
                        out.holds |= bit;
                    }
                }
                PropertyKind::LeadsTo | PropertyKind::Measure => {
                    if is_true(question, scratch, &mut out.panic) {
                        out.premise |= bit;
                    }
                    if is_true(question + 1, scratch, &mut out.panic) {
                        out.holds |= bit;
                    }
                    question += 2;
                }
                PropertyKind::Always
                | PropertyKind::Reachable
                | PropertyKind::Eventually
                | PropertyKind::InfinitelyOften
                | PropertyKind::Stabilises => {
                    if is_true(question, scratch, &mut out.panic) {
                        out.holds |= bit;
                    }
                    question += 1;
                }
                PropertyKind::Implies => {
                    let premise = is_true(question, scratch, &mut out.panic);
                    let conclusion = !premise || is_true(question + 1, scratch, &mut out.panic);
                    question += 2;
                    if premise {
                        out.premise |= bit;
                    }
                    if conclusion {
                        out.holds |= bit;
                    }
                }
                PropertyKind::Confluent => {
                    out.holds |= bit;
                    if out.quiescent {
                        match self.valuate(index, words) {
                            Ok(Ok((inputs, value))) => out.confluent.push((index, inputs, value)),
                            Ok(Err(message)) => {
                                out.panic.get_or_insert(message);
                            }
                            Err(error) => {
                                scratch.error.get_or_insert(error);
                                is_complete = false;
                            }
                        }
                    }
                }
            }
        }
        if out.panic.is_none() {
            out.holds |= 1;
        }
        if is_whole && is_complete {
            Answer::Complete
        } else {
            Answer::Missing
        }
    }

    /// Inputs and value of a `confluent` property, as hashes. The inner error is a panic.
    fn valuate(&self, index: usize, words: &[u32]) -> Result<Result<(u128, u128), String>, Error> {
        let valued = self.valuate_in(index, words)?;
        if self.orbits.is_on {
            for (image, _) in self.all_images(words) {
                let other = self.valuate_in(index, &image)?;
                if other.as_ref().ok() != valued.as_ref().ok() {
                    let name = format!("property \"{}\"", self.properties[index].name);
                    return Err(self.tells_apart(&name, (words, "in"), (&image, "and in")));
                }
            }
        }
        Ok(valued)
    }

    /// Inputs and value in one state, as hashes; twice.
    fn valuate_in(
        &self,
        index: usize,
        words: &[u32],
    ) -> Result<Result<(u128, u128), String>, Error> {
        let offset = self.properties.len() - self.system.properties.len();
        let property = &self.system.properties[index - offset];
        let Test::Confluent { inputs, value } = &property.test else {
            unreachable!("only confluent properties are valuated")
        };
        let hash = |valuation: &Valuation| -> Result<Result<u128, String>, Error> {
            let reading = Reading::new(self, words);
            let mut bytes = Vec::new();
            match guarded_as(Activity::Property, || {
                (valuation.bytes)(&reading, &mut bytes)
            }) {
                Ok(Ok(())) => Ok(Ok(xxh3_128_with_seed(&bytes, self.hash.seed))),
                Ok(Err(error)) => Err(error.about(&format!("property \"{}\"", property.name))),
                Err(thrown) if thrown.is_mistake => Err(Error::model(thrown.message)),
                Err(thrown) => Ok(Err(format!(
                    "property \"{}\" panicked: {}",
                    property.name, thrown.message
                ))),
            }
        };
        let run = || -> Result<Result<(u128, u128), String>, Error> {
            let spent = || {
                let word = if self.budget.is_empty() {
                    0
                } else {
                    self.budget.declared(words[self.budget_at()])
                };
                Ok(Ok(xxh3_128_with_seed(&word.to_le_bytes(), self.hash.seed)))
            };
            let inputs = inputs.as_ref().map_or_else(spent, &hash)?;
            let value = hash(value)?;
            Ok(inputs.and_then(|inputs| value.map(|value| (inputs, value))))
        };
        let (first, second) = (run()?, run()?);
        if first == second {
            return Ok(first);
        }
        Err(self.wavers(Question::First(index - offset), words))
    }
}

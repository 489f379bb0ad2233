//! How a property comes to what it says of a state. Its predicates are run once more, with a snapshot that notes what they look at in more
//! detail than the search needs.

use super::ActorSpace;
use super::judge::Question;
use super::reading::Reading;
use crate::error::Error;
use crate::space::{Asked, Asks, IN_FLIGHT, Look, PropertyKind, Said};
use crate::system::{Activity, Facet, Test, Thrown, Valuation, guarded_as};

/// The part of a rendered state that holds what stimuli and faults were spent.
const SPENT: &str = "spent";

impl ActorSpace {
    /// See [`StateSpace::asked`](crate::space::StateSpace::asked).
    pub(super) fn asked_of(&self, words: &[u32], property: usize) -> Result<Vec<Asked>, Error> {
        if self.panic_in(words).is_some() {
            return Ok(Vec::new());
        }
        let offset = self.properties.len() - self.system.properties.len();
        let own = property.checked_sub(offset);
        let is = |asks, question| self.ask_predicate(asks, question, words);
        Ok(match (self.properties[property].kind, own) {
            (PropertyKind::NoDeadlock, None) => vec![is(Asks::MayEnd, Question::MayEnd)?],
            (_, None) => Vec::new(),
            (_, Some(index)) => match &self.system.properties[index].test {
                Test::Always(_)
                | Test::Reachable(_)
                | Test::Eventually(_)
                | Test::InfinitelyOften(_)
                | Test::Stabilises(_) => vec![is(Asks::Condition, Question::First(index))?],
                Test::Implies(..) => {
                    let mut asked = vec![is(Asks::Premise, Question::First(index))?];
                    if asked[0].said == Said::Yes {
                        asked.push(is(Asks::Conclusion, Question::Second(index))?);
                    }
                    asked
                }
                Test::LeadsTo(..) | Test::Measure(..) => vec![
                    is(Asks::Premise, Question::First(index))?,
                    is(Asks::Conclusion, Question::Second(index))?,
                ],
                Test::Confluent { inputs, value } => {
                    let inputs = match inputs {
                        Some(inputs) => {
                            Some(self.ask_value(Asks::Inputs, (index, inputs), words)?)
                        }
                        None => self.spent(words),
                    };
                    let value = self.ask_value(Asks::Value, (index, value), words)?;
                    inputs.into_iter().chain([value]).collect()
                }
            },
        })
    }

    /// Asks a predicate.
    fn ask_predicate(&self, asks: Asks, question: Question, words: &[u32]) -> Result<Asked, Error> {
        let predicate = self.predicate(question);
        self.ask_aloud(asks, words, &self.question_name(question), |reading| {
            Said::of(predicate(reading))
        })
    }

    /// Asks for a value of a `confluent` property.
    fn ask_value(
        &self,
        asks: Asks,
        (index, valuation): (usize, &Valuation),
        words: &[u32],
    ) -> Result<Asked, Error> {
        let name = self.question_name(Question::First(index));
        self.ask_aloud(asks, words, &name, |reading| {
            Said::Value(self.named((valuation.tree)(reading)))
        })
    }

    fn ask_aloud(
        &self,
        asks: Asks,
        words: &[u32],
        name: &str,
        ask: impl Fn(&Reading<'_>) -> Said,
    ) -> Result<Asked, Error> {
        let reading = Reading::aloud(self, words);
        let said = match guarded_as(Activity::Property, || ask(&reading)) {
            Ok(said) => said,
            Err(Thrown {
                is_mistake: false, ..
            }) => Said::Panics,
            Err(thrown) => return Err(Error::model(format!("{name}: {}", thrown.message))),
        };
        Ok(Asked {
            asks,
            said,
            looks: self.looks(reading),
        })
    }

    /// The inputs where a `confluent` property names none: what stimuli and faults were spent, if there are any.
    fn spent(&self, words: &[u32]) -> Option<Asked> {
        let rendered = self.render_words(words);
        let at = rendered.iter().skip(self.budget_at());
        let (_, tree) = at.into_iter().find(|(part, _)| part == SPENT)?;
        Some(Asked {
            asks: Asks::Inputs,
            said: Said::Value(tree.clone()),
            looks: vec![Look::all(SPENT)],
        })
    }

    /// What was looked at, in the order of a rendered state.
    fn looks(&self, reading: Reading<'_>) -> Vec<Look> {
        let (mut words, details) = reading.into_told();
        words.sort_unstable();
        let mut looks: Vec<Look> = words
            .iter()
            .map(|&word| self.look(word as usize, &details.facets))
            .collect();
        if details.last_delivery {
            looks.push(Look::all("last delivery"));
        }
        if details.in_flight {
            looks.push(Look::all(IN_FLIGHT));
        }
        looks
    }

    /// A word that was read.
    fn look(&self, word: usize, facets: &[(usize, Facet)]) -> Look {
        let n = self.n_actors();
        if word < n {
            let is_read = |facet: &Facet| facets.contains(&(word, *facet));
            let all = [Facet::State, Facet::Timers, Facet::Storage];
            let of: Vec<&str> = all
                .iter()
                .filter(|f| is_read(f))
                .map(|f| f.word())
                .collect();
            return Look {
                part: self.lanes[word].clone(),
                facets: (of.len() < all.len()).then_some(of),
            };
        }
        Look::all(match word - n {
            k if k < self.n_observers() => self.system.observers[k].name(),
            _ if Some(word) == self.partitions_at() => "partitions",
            _ => "timing",
        })
    }
}

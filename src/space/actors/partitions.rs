//! Partitions: which there are, which pairs of actors each cuts, and what part of a state says that it is up.
//!
//! One word of a state has a bit for each partition that is up. A state of a system without partitions has no such word.

use super::budget::numbered;
use crate::error::Error;
use crate::space::intern::{ContentHash, Kind};
use crate::system::Blueprint;

/// The partitions of a system; the index of one is its bit.
#[derive(Default)]
pub(super) struct Cuts {
    pub(super) names: Vec<String>,
    /// The actors on either side.
    pub(super) sides: Vec<[Vec<usize>; 2]>,
    pub(super) heals: Vec<bool>,
    /// It may form any number of times, and heals each time.
    pub(super) recurs: Vec<bool>,
    /// The content hash of each being up; none adds nothing.
    pub(super) hashes: Vec<u128>,
    /// What observers are told when each forms, and when it heals.
    pub(super) told: Vec<[u32; 2]>,
}

impl Cuts {
    /// # Errors
    /// A group is empty, names no actor, or shares one with the other; two partitions share a name; there are more than a word has bits.
    pub(super) fn of(system: &Blueprint, n: usize) -> Result<Self, Error> {
        let mut cuts = Cuts::default();
        for (position, partitions) in system.partitions.iter().enumerate() {
            let name = match &partitions.name {
                Some(name) => name.clone(),
                None => numbered("partition", position),
            };
            let mistake = |what: &str, cure: &str| {
                Err(Error::model(format!("partition \"{name}\" {what}")).with_cure(cure))
            };
            if cuts.names.contains(&name) {
                return mistake("is declared twice", "give each a name of its own");
            }
            let sides = partitions.sides.each_ref().map(|side| {
                let mut ids: Vec<usize> = side.iter().map(|&id| usize::from(id)).collect();
                ids.sort_unstable();
                ids.dedup();
                ids
            });
            if sides.iter().any(Vec::is_empty) {
                return mistake("has a side without actors", "name the actors of both sides");
            }
            if sides.iter().flatten().any(|&id| id >= n) {
                return mistake("names an id that is no actor", "name actors of this system");
            }
            if sides[0].iter().any(|id| sides[1].contains(id)) {
                return mistake(
                    "has an actor on both sides",
                    "name it on one side or on none",
                );
            }
            cuts.names.push(name);
            cuts.sides.push(sides);
            cuts.heals.push(partitions.heals);
            cuts.recurs.push(partitions.times_max().is_none());
        }
        if cuts.names.len() > u32::BITS as usize {
            return Err(Error::capacity("more partitions than can be numbered")
                .with_cure("declare 32 at most"));
        }
        Ok(cuts)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The partitions that cut an ordered pair, as bits.
    pub(super) fn between(&self, src: usize, dst: usize) -> u32 {
        let cuts = |[these, those]: &[Vec<usize>; 2]| {
            these.contains(&src) && those.contains(&dst)
                || those.contains(&src) && these.contains(&dst)
        };
        let bits = self.sides.iter().enumerate();
        bits.filter(|(_, sides)| cuts(sides))
            .fold(0, |mask, (partition, _)| mask | 1 << partition)
    }

    /// Those of the partitions that may form for ever.
    pub(super) fn recurring(&self) -> u32 {
        let bits = self.recurs.iter().enumerate();
        bits.filter(|(_, recurs)| **recurs)
            .fold(0, |mask, (partition, _)| mask | 1 << partition)
    }

    pub(super) fn rehash(&mut self, hash: &ContentHash) {
        let hashes = (0..self.names.len()).map(|k| hash.of(Kind::Partitions, k as u64, 0, &[1]));
        self.hashes = hashes.collect();
    }

    /// What a word of partitions adds to a state's sum.
    pub(super) fn sum(&self, word: u32) -> u128 {
        let hashes = self.hashes.iter().enumerate();
        hashes
            .filter(|(partition, _)| word >> partition & 1 == 1)
            .fold(0, |sum, (_, hash)| sum.wrapping_add(*hash))
    }
}

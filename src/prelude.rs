//! Everything a model file needs: `use allways::prelude::*;`.

pub use std::borrow::Cow;

pub use serde::Deserialize;
pub use stateright::actor::{Actor, Id, Out, majority, model_timeout};
pub use stateright::{Model, Property};

pub use crate::space::GeneralSpace;

pub use crate::pieces;

pub use crate::{assert_holds, assert_violated, carries, catalogue_entry, message, params, state};

pub use crate::system::{
    Byzantine, Crashes, Event, Fairness, Handle, Handles, Link, ObserverHandle, Partitions,
    Snapshot, Steps, System, Timing, environment, ticks,
};

pub use crate::value::{Permute, Renaming};

/// An ordered set with cheap clones, canonical as part of a state.
pub type Set<T> = im::OrdSet<T>;

/// An ordered map with cheap clones, canonical as part of a state.
pub type Map<K, V> = im::OrdMap<K, V>;

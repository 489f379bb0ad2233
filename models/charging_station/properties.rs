//! What is asked of every design.

use super::*;

/// What never happens.
pub(super) fn safety(sys: &mut System<Msg>, parts: &Parts) {
    let &Parts { store, station, .. } = parts;
    sys.always("the station never rejects our unlock", move |s| {
        let station = &s[station];
        let is_rejected = |session| station.rejected.contains(session);
        !station.unlocks.keys().any(is_rejected)
    });
    sys.always("a command unlocks once", move |s| {
        s[station].unlocks.values().all(|&times| times == 1)
    });
    let of = parts.drivers.clone();
    sys.always("OK means unlocked and recorded", move |s| {
        let (recorded, unlocked) = (store::unlocked(&s[store]), &s[station].unlocks);
        let mut told = of.iter().filter(|d| s[*d].is_told(&Answer::Ok));
        told.all(|d| unlocked.contains_key(&d.id()) && recorded.contains(&d.id()))
    });
    let of = parts.drivers.clone();
    sys.always("no command is both granted and refused", move |s| {
        of.iter()
            .all(|d| s[d].answers.len() <= 1 || !s[d].is_told(&Answer::Ok))
    });
    let of = parts.drivers.clone();
    sys.always("one driver at most is told OK", move |s| {
        of.iter().filter(|d| s[*d].is_told(&Answer::Ok)).count() <= 1
    });
}

/// Heartbeats that are recorded: as events, or in the mirror.
fn heartbeats(
    s: &Snapshot<'_, Msg>,
    store: Handle<EventStore>,
    mirror: Option<Handle<Mirror>>,
) -> usize {
    match mirror {
        Some(mirror) => s[mirror].heartbeats.into(),
        None => store::heartbeats(&s[store]),
    }
}

/// What is begun comes to its end.
pub(super) fn liveness(sys: &mut System<Msg>, design: Design, parts: &Parts) {
    let &Parts {
        store,
        station,
        mirror,
        ..
    } = parts;
    sys.leads_to(
        "what is unlocked is recorded",
        move |s| !s[station].unlocks.is_empty(),
        move |s| {
            let recorded = store::unlocked(&s[store]);
            let is_recorded = |session| recorded.contains(session);
            s[station].unlocks.keys().all(is_recorded)
        },
    );
    sys.leads_to(
        "what is recorded is unlocked or refused",
        move |s| !store::unlocked(&s[store]).is_empty(),
        move |s| {
            let station = &s[station];
            let mut recorded = store::unlocked(&s[store]).into_iter();
            recorded.all(|session| {
                station.unlocks.contains_key(&session) || station.rejected.contains(&session)
            })
        },
    );
    let (waiting, answered) = (parts.drivers.clone(), parts.drivers.clone());
    sys.leads_to(
        "every driver is answered",
        move |s| waiting.iter().any(|d| s[d].waits()),
        move |s| !answered.iter().any(|d| s[d].waits()),
    );
    if design.beats {
        sys.stabilises("every heartbeat is recorded", move |s| {
            heartbeats(s, store, mirror) == usize::from(s[station].heartbeats)
        });
    }
}

/// What happens in some run.
pub(super) fn witnesses(sys: &mut System<Msg>, p: &Params, design: Design, parts: &Parts) {
    let &Parts {
        store,
        station,
        mirror,
        ..
    } = parts;
    let of = parts.drivers.clone();
    sys.reachable("a driver is told OK", move |s| {
        of.iter().any(|d| s[d].is_told(&Answer::Ok))
    });
    if p.drivers > 1 {
        let of = parts.drivers.clone();
        sys.reachable("a driver is told that the connector is taken", move |s| {
            of.iter()
                .any(|d| s[d].is_told(&Answer::ConnectorNotAvailable))
        });
    }
    if design.beats {
        sys.reachable("a heartbeat and an unlock are recorded", move |s| {
            heartbeats(s, store, mirror) > 0 && !store::unlocked(&s[store]).is_empty()
        });
    }
    if design.session_ends {
        sys.reachable("a session has come to its end", move |s| {
            s[station].unlocked.is_none() && !s[station].unlocks.is_empty()
        });
    }
}

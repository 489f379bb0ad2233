//! What a user claims of a system: properties, where a run may end, what is assumed of runs without end, and the boundaries within which all that is
//! looked at.

use serde::Serialize;

use super::{Fairness, Property, Snapshot, Steps, System, Test, property};

impl<M: 'static> System<M> {
    /// Changes what is assumed of runs without end: the steps are fair as said, instead of as the system model has it. Of several
    /// declarations about a step the last counts.
    ///
    /// ```
    /// # use allways::prelude::*;
    /// # let mut sys: System<u8> = System::new();
    /// // Nobody promises that the timers ever fire.
    /// sys.assume(Steps::timers(), Fairness::None);
    /// ```
    pub fn assume(&mut self, steps: Steps, fairness: Fairness) {
        self.blueprint.assumptions.push((steps, fairness));
    }

    /// `predicate` holds in every reachable state.
    pub fn always(
        &mut self,
        name: impl Into<String>,
        predicate: impl Fn(&Snapshot<'_, M>) -> bool + Send + Sync + 'static,
    ) {
        self.property(name, Test::Always(property::predicate(predicate)));
    }

    /// Wherever `premise` holds, `conclusion` holds; vacuous if `premise` never does.
    pub fn implies(
        &mut self,
        name: impl Into<String>,
        premise: impl Fn(&Snapshot<'_, M>) -> bool + Send + Sync + 'static,
        conclusion: impl Fn(&Snapshot<'_, M>) -> bool + Send + Sync + 'static,
    ) {
        self.property(
            name,
            Test::Implies(
                property::predicate(premise),
                property::predicate(conclusion),
            ),
        );
    }

    /// `predicate` holds in some reachable state.
    pub fn reachable(
        &mut self,
        name: impl Into<String>,
        predicate: impl Fn(&Snapshot<'_, M>) -> bool + Send + Sync + 'static,
    ) {
        self.property(name, Test::Reachable(property::predicate(predicate)));
    }

    /// Every fair run comes to a state where `goal` holds.
    ///
    /// What is fair follows from the system's links, timers and faults, and can be changed with [`assume`](System::assume). As for
    /// [`confluent`](System::confluent), every delivery counts: a message that comes too early and is ignored is gone.
    ///
    /// ```
    /// use allways::prelude::*;
    /// use allways::search::{Options, Verdict};
    /// use allways::space::ActorSpace;
    ///
    /// /// Tries again until it is served.
    /// struct Client { server: Id }
    /// # struct Server;
    /// # message! { enum Msg { Ask, Answer } }
    /// # impl Actor for Server {
    /// #     type Msg = Msg; type State = (); type Timer = (); type Random = (); type Storage = ();
    /// #     fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) {}
    /// #     fn on_msg(&self, _: Id, _: &mut Cow<'_, ()>, src: Id, msg: Msg, o: &mut Out<Self>) {
    /// #         if msg == Msg::Ask { o.send(src, Msg::Answer) }
    /// #     }
    /// # }
    /// impl Actor for Client {
    ///     type Msg = Msg;
    ///     type State = bool;
    ///     type Timer = ();
    ///     type Random = ();
    ///     type Storage = ();
    ///     fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> bool {
    ///         o.send(self.server, Msg::Ask);
    ///         false
    ///     }
    ///     fn on_msg(&self, _: Id, served: &mut Cow<'_, bool>, _: Id, msg: Msg, _: &mut Out<Self>) {
    ///         if msg == Msg::Answer { *served.to_mut() = true }
    ///     }
    /// }
    ///
    /// let verdict = |link| -> Result<Verdict, allways::Error> {
    ///     let mut sys = System::new();
    ///     let server = sys.actor("server", Server);
    ///     let client = sys.actor("client", Client { server: server.id() });
    ///     sys.links(link);
    ///     sys.eventually("served", move |s| s[client]);
    ///     let outcome = allways::check(&mut ActorSpace::new(sys)?, &Options::default(), &())?;
    ///     Ok(outcome.properties[1].verdict)
    /// };
    /// assert_eq!(verdict(Link::reliable())?, Verdict::Holds);
    /// // The only request may be lost.
    /// assert_eq!(verdict(Link::losing())?, Verdict::Violated);
    /// # Ok::<(), allways::Error>(())
    /// ```
    pub fn eventually(
        &mut self,
        name: impl Into<String>,
        goal: impl Fn(&Snapshot<'_, M>) -> bool + Send + Sync + 'static,
    ) {
        self.property(name, Test::Eventually(property::predicate(goal)));
    }

    /// Whenever `premise` holds, every fair run comes, then or later, to a state where `goal` holds; vacuous if `premise` never does.
    pub fn leads_to(
        &mut self,
        name: impl Into<String>,
        premise: impl Fn(&Snapshot<'_, M>) -> bool + Send + Sync + 'static,
        goal: impl Fn(&Snapshot<'_, M>) -> bool + Send + Sync + 'static,
    ) {
        self.property(
            name,
            Test::LeadsTo(property::predicate(premise), property::predicate(goal)),
        );
    }

    /// Like [`leads_to`](System::leads_to); and when it holds, the report says how many steps lie at most between a state where `from` holds and the next
    /// where `to` does, over all runs. Every step counts, those of others and faults too. On a cycle there is no bound, even if fairness
    /// lets a run go round it only so often.
    ///
    /// ```
    /// use allways::prelude::*;
    /// use allways::search::{Options, StepsTaken};
    /// use allways::space::ActorSpace;
    /// # message! { enum Msg { Down, Up } }
    /// # struct Node;
    /// # impl Actor for Node {
    /// #     type Msg = Msg; type State = bool; type Timer = (); type Random = (); type Storage = ();
    /// #     fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> bool { true }
    /// #     fn on_msg(&self, me: Id, up: &mut Cow<'_, bool>, _: Id, msg: Msg, o: &mut Out<Self>) {
    /// #         *up.to_mut() = msg == Msg::Up;
    /// #         if msg == Msg::Down { o.send(me, Msg::Up) }
    /// #     }
    /// # }
    ///
    /// // A node that goes down, and some time later is up again; and another, whose steps count too.
    /// let mut sys = System::new();
    /// let [node, other] = ["node", "other"].map(|name| sys.actor(name, Node));
    /// sys.stimulus("goes down", node.id(), Msg::Down);
    /// sys.stimulus("the other goes down", other.id(), Msg::Down);
    /// sys.measure("recovery", move |s| !s[node], move |s| s[node]);
    /// let outcome = allways::check(&mut ActorSpace::new(sys)?, &Options::default(), &())?;
    /// assert_eq!(outcome.properties[1].steps, Some(StepsTaken::AtMost(3)));
    /// # Ok::<(), allways::Error>(())
    /// ```
    pub fn measure(
        &mut self,
        name: impl Into<String>,
        from: impl Fn(&Snapshot<'_, M>) -> bool + Send + Sync + 'static,
        to: impl Fn(&Snapshot<'_, M>) -> bool + Send + Sync + 'static,
    ) {
        self.property(
            name,
            Test::Measure(property::predicate(from), property::predicate(to)),
        );
    }

    /// Every fair run comes again and again to a state where `goal` holds.
    pub fn infinitely_often(
        &mut self,
        name: impl Into<String>,
        goal: impl Fn(&Snapshot<'_, M>) -> bool + Send + Sync + 'static,
    ) {
        self.property(name, Test::InfinitelyOften(property::predicate(goal)));
    }

    /// Every fair run comes to a point from which on `goal` always holds.
    pub fn stabilises(
        &mut self,
        name: impl Into<String>,
        goal: impl Fn(&Snapshot<'_, M>) -> bool + Send + Sync + 'static,
    ) {
        self.property(name, Test::Stabilises(property::predicate(goal)));
    }

    /// All quiescent states with the same stimuli and faults spent agree on `value`.
    ///
    /// What is asked of quiescent states makes every delivery count, also those that change no actor: a message that comes too early and is
    /// ignored is gone, and the run may end without it.
    pub fn confluent<V: Serialize>(
        &mut self,
        name: impl Into<String>,
        value: impl Fn(&Snapshot<'_, M>) -> V + Send + Sync + 'static,
    ) {
        self.property(
            name,
            Test::Confluent {
                inputs: None,
                value: property::encoded(value),
            },
        );
    }

    /// All quiescent states with equal `inputs` agree on `value`.
    pub fn confluent_given<K: Serialize, V: Serialize>(
        &mut self,
        name: impl Into<String>,
        inputs: impl Fn(&Snapshot<'_, M>) -> K + Send + Sync + 'static,
        value: impl Fn(&Snapshot<'_, M>) -> V + Send + Sync + 'static,
    ) {
        self.property(
            name,
            Test::Confluent {
                inputs: Some(property::encoded(inputs)),
                value: property::encoded(value),
            },
        );
    }

    /// Only where `predicate` holds may a run end: a quiescent state elsewhere is a deadlock. Without this, deadlock is not checked.
    /// As for [`confluent`](System::confluent), every delivery counts.
    pub fn may_end_when(
        &mut self,
        predicate: impl Fn(&Snapshot<'_, M>) -> bool + Send + Sync + 'static,
    ) {
        self.blueprint.may_end_when = Some(property::predicate(predicate));
    }

    /// A named boundary: states where `predicate` does not hold are not explored, and verdicts say so.
    pub fn within(
        &mut self,
        name: impl Into<String>,
        predicate: impl Fn(&Snapshot<'_, M>) -> bool + Send + Sync + 'static,
    ) {
        self.blueprint
            .boundaries
            .push((name.into(), property::predicate(predicate)));
    }

    fn property(&mut self, name: impl Into<String>, test: Test) {
        self.blueprint.properties.push(Property {
            name: name.into(),
            test,
        });
    }
}

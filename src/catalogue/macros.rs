//! The macros of a model file: its parameters, its entry, and the `main` of a user's own crate.

/// Declares the parameters of a model: a struct whose fields have a line of help, a default and a range.
///
/// Whole numbers take a range, `bool` takes none, `&'static str` takes the words to choose from.
///
/// ```
/// use allways::prelude::*;
///
/// params! {
///     struct Params {
///         /// Members of the cluster.
///         members: usize = 3, 2..=4;
///         /// Whether messages get lost.
///         lossy: bool = false;
///         /// How messages are ordered.
///         order: &'static str = "fifo", ["fifo", "any"];
///     }
/// }
/// # use allways::catalogue::Params as _;
/// # fn main() { assert_eq!(Params::decls().len(), 3); }
/// ```
#[macro_export]
macro_rules! params {
    (
        $(#[$attr:meta])*
        $vis:vis struct $name:ident {
            $( $(#[doc = $help:literal])+ $field:ident : $ty:ty = $default:expr $(, $domain:expr)? ; )*
        }
    ) => {
        $(#[$attr])*
        #[derive(Clone, Debug)]
        $vis struct $name {
            $( $(#[doc = $help])+ $field: $ty, )*
        }

        impl $crate::catalogue::Params for $name {
            fn decls() -> ::std::vec::Vec<$crate::catalogue::ParamDecl> {
                ::std::vec![ $(
                    $crate::catalogue::declare::<$ty, _>(
                        stringify!($field),
                        &[$($help),+],
                        $default,
                        $crate::__domain!($($domain)?),
                    )
                ),* ]
            }

            fn from_values(
                values: &$crate::catalogue::Values,
            ) -> ::std::result::Result<Self, $crate::Error> {
                let _ = values;
                ::std::result::Result::Ok($name {
                    $( $field: $crate::catalogue::field::<$ty, _>(
                        values,
                        stringify!($field),
                        $crate::__domain!($($domain)?),
                    )?, )*
                })
            }
        }
    };
}

/// The domain of a parameter; none is `()`.
#[doc(hidden)]
#[macro_export]
macro_rules! __domain {
    () => {
        ()
    };
    ($domain:expr) => {
        $domain
    };
}

/// Makes the one public item of a model file: `entry()`, which tells the catalogue of it.
///
/// Each variant names the function that builds it from the parameters, and the properties that are *not* expected to hold:
/// `violates`, `holds_within_bounds`, `vacuous`. What is not named is expected to hold. `mistake "…" => …` names a system with a mistake in
/// it that some property has to notice; `allways check --mutations` adds it to those it makes by itself.
///
/// ```
/// # mod model {
/// use allways::prelude::*;
///
/// # message! { enum Msg { Go } }
/// # struct Node;
/// # impl Actor for Node {
/// #     type Msg = Msg; type State = u8; type Timer = (); type Random = (); type Storage = ();
/// #     fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> u8 { 0 }
/// # }
/// # params! { struct Params { /// Nodes.
/// nodes: usize = 2, 1..=3; } }
/// fn system(p: &Params, crowded: bool) -> System<Msg> {
///     let mut sys = System::new();
///     // …
/// #    sys.actors("node", p.nodes, |_| Node);
/// #    sys.always("one node only", move |_| !crowded);
///     sys
/// }
///
/// catalogue_entry! {
///     "crowd", Params,
///     "Nodes that get in each other's way.",
///     source "A title",
///     "alone" => |p| system(p, false),
///         mistake "nobody keeps them apart" => |p| system(p, true);
///     "crowded" => |p| system(p, true), violates "one node only";
/// }
/// # }
/// # fn main() { assert_eq!(model::entry().variants.len(), 2); }
/// ```
#[macro_export]
macro_rules! catalogue_entry {
    (
        $model:literal, $params:ty,
        $summary:literal,
        source $source:literal,
        $( $variant:literal => $build:expr $(, $claim:ident $name:literal $(=> $mistaken:expr)? )* ; )+
    ) => {
        /// This model's entry in the catalogue.
        #[allow(unreachable_pub)]
        pub fn entry() -> $crate::catalogue::Entry {
            $crate::catalogue::Entry {
                model: $model.to_owned(),
                summary: $summary.to_owned(),
                source: $source.to_owned(),
                params: <$params as $crate::catalogue::Params>::decls(),
                variants: ::std::vec![ $( {
                    let variant = $crate::catalogue::Variant::new::<$params, _>($variant, $build);
                    $( let variant = $crate::__claim!(variant, $params, $claim $name $(=> $mistaken)?); )*
                    variant
                } ),+ ],
            }
        }
    };
}

/// What a variant declares in [`catalogue_entry!`]: a verdict, or a mistake.
#[doc(hidden)]
#[macro_export]
macro_rules! __claim {
    ($variant:ident, $params:ty, mistake $name:literal => $build:expr) => {
        $variant.mistaken::<$params, _>($name, $build)
    };
    ($variant:ident, $params:ty, $verdict:ident $property:literal) => {
        $variant.expecting($crate::__verdict!($verdict), $property)
    };
}

/// The verdict that a word of [`catalogue_entry!`] stands for.
#[doc(hidden)]
#[macro_export]
macro_rules! __verdict {
    (violates) => {
        $crate::search::Verdict::Violated
    };
    (holds_within_bounds) => {
        $crate::search::Verdict::HoldsWithinBounds
    };
    (vacuous) => {
        $crate::search::Verdict::Vacuous
    };
    (inconclusive) => {
        $crate::search::Verdict::Inconclusive
    };
}

/// The whole `main` of a crate with models of its own: every command of `allways`, over the named modules.
///
/// ```no_run
/// mod my_protocol {
///     // Usually a file of its own.
///     use allways::prelude::*;
///
///     message! { enum Msg { Hello } }
///
///     fn system(_: &()) -> System<Msg> {
///         System::new()
///     }
///
///     catalogue_entry! {
///         "my-protocol", (),
///         "What it is about.",
///         source "Where it comes from",
///         "as-published" => system;
///     }
/// }
///
/// allways::main!(my_protocol);
/// ```
#[cfg(feature = "cli")]
#[macro_export]
macro_rules! main {
    ($( $($model:ident)::+ ),+ $(,)?) => {
        fn main() -> ::std::process::ExitCode {
            $crate::cli::run($crate::catalogue::Catalogue::new([$( $($model::)+entry() ),+]))
        }
    };
}

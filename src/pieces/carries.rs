//! The conversions between a system's messages and the words of a piece, behind one word.

/// Lets a system's messages carry the words of [pieces](crate::pieces): writes `From<Word> for Msg` and `TryFrom<Msg> for Word`, whose error is
/// the message itself.
///
/// Either a variant holds the word as a whole, any number of them at once; or every variant of the word has one of the same name and shape among the
/// messages, for one type of words. What stands between parentheses or braces are the names of the fields.
///
/// ```
/// use allways::prelude::*;
///
/// message! {
///     /// What two actors say to each other.
///     enum Word { Propose(char), Accept { epoch: u8, log: Vec<char> }, Stop }
///
///     enum Whole { Hello, Order(Word) }
///
///     enum Among { Hello, Propose(char), Accept { epoch: u8, log: Vec<char> }, Stop }
/// }
/// carries! { Whole: Order(Word) }
/// carries! { Among = Word { Propose(item), Accept { epoch, log }, Stop } }
///
/// assert_eq!(Whole::from(Word::Stop), Whole::Order(Word::Stop));
/// assert_eq!(Word::try_from(Whole::Hello), Err(Whole::Hello));
/// assert_eq!(Among::from(Word::Propose('a')), Among::Propose('a'));
/// assert_eq!(Word::try_from(Among::Stop), Ok(Word::Stop));
/// ```
#[macro_export]
macro_rules! carries {
    ($msg:ident: $($variant:ident($word:ty)),+ $(,)?) => {
        $(
            impl ::core::convert::From<$word> for $msg {
                fn from(word: $word) -> Self {
                    $msg::$variant(word)
                }
            }

            impl ::core::convert::TryFrom<$msg> for $word {
                type Error = $msg;

                fn try_from(msg: $msg) -> ::core::result::Result<Self, $msg> {
                    #[allow(unreachable_patterns)]
                    match msg {
                        $msg::$variant(word) => ::core::result::Result::Ok(word),
                        other => ::core::result::Result::Err(other),
                    }
                }
            }
        )+
    };
    ($msg:ident = $word:ty {
        $($variant:ident $(($($place:ident),+ $(,)?))? $({ $($field:ident),+ $(,)? })?),+ $(,)?
    }) => {
        const _: () = {
            type WordCarried = $word;

            impl ::core::convert::From<$word> for $msg {
                fn from(word: $word) -> Self {
                    match word {
                        $(
                            WordCarried::$variant $(($($place),+))? $({ $($field),+ })?
                                => $msg::$variant $(($($place),+))? $({ $($field),+ })?,
                        )+
                    }
                }
            }

            impl ::core::convert::TryFrom<$msg> for $word {
                type Error = $msg;

                fn try_from(msg: $msg) -> ::core::result::Result<Self, $msg> {
                    #[allow(unreachable_patterns)]
                    match msg {
                        $(
                            $msg::$variant $(($($place),+))? $({ $($field),+ })?
                                => ::core::result::Result::Ok(
                                    WordCarried::$variant $(($($place),+))? $({ $($field),+ })?
                                ),
                        )+
                        other => ::core::result::Result::Err(other),
                    }
                }
            }
        };
    };
}

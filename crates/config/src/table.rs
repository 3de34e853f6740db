//! The macro that turns the table of settings into types, a list, and the code between them.
//!
//! It exists so that a setting is written down once. It knows the layers only as [`Given`] values and
//! no setting by name.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::kinds::Kind;
use crate::problem::{Fault, Origin, Problem};
use crate::shape::Setting;

/// A setting as it is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Effective {
    /// The setting's name.
    pub key: &'static str,
    /// Its value, secrets masked; `None` when it is absent.
    pub value: Option<String>,
    /// Where the value came from.
    pub source: Origin,
}

/// Text for one setting from one layer.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) text: String,
    pub(crate) origin: Origin,
}

/// What the layers gave for each key, the strongest layer last.
pub(crate) type Layered = BTreeMap<&'static str, Vec<Given>>;

/// Reads one setting. Every layer's value must be good, also one that a stronger layer covers: it would
/// come into force the day the stronger one is taken away.
///
/// Returns the default where the value is bad, so that the rest can still be checked.
pub(crate) fn read<K: Kind>(
    setting: &Setting,
    given: &Layered,
    problems: &mut Vec<Problem>,
) -> Option<K::Value> {
    let mut value = None;
    for Given { text, origin } in given.get(setting.key).into_iter().flatten() {
        match K::parse(text.trim()) {
            Ok(good) => value = Some(good),
            Err(refused) => problems.push(Problem {
                key: setting.key.to_owned(),
                origin: origin.clone(),
                fault: Fault::Value {
                    found: refused.found,
                    allowed: setting.allowed(),
                    suggestion: refused.suggestion,
                },
            }),
        }
    }
    value.or_else(|| setting.default.and_then(|text| K::parse(text).ok())).or_else(K::absent)
}

macro_rules! settings {
    (
        $(#[$root_meta:meta])*
        root {
            $($(#[doc = $doc:literal])+ $field:ident: $type:ty as $kind:ty $(= $default:literal)?, example $example:literal;)+
        }
        $(
            $(#[$section_meta:meta])*
            section $section:ident: $section_type:ident {
                $($(#[doc = $sdoc:literal])+ $sfield:ident: $stype:ty as $skind:ty $(= $sdefault:literal)?, example $sexample:literal;)+
            }
        )+
    ) => {
        $(#[$root_meta])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct Config {
            $($(#[doc = $doc])+ pub $field: $type,)+
            $($(#[$section_meta])* pub $section: $section_type,)+
            pub(crate) origins: std::collections::BTreeMap<&'static str, crate::problem::Origin>,
        }

        $(
            $(#[$section_meta])*
            #[derive(Debug, Clone, PartialEq)]
            pub struct $section_type {
                $($(#[doc = $sdoc])+ pub $sfield: $stype,)+
            }
        )+

        /// Every setting there is, in the order in which they are shown.
        pub static SETTINGS: &[crate::shape::Setting] = &[
            $(crate::shape::Setting {
                key: stringify!($field),
                shape: <$kind as crate::kinds::Kind>::SHAPE,
                default: settings!(@default $($default)?),
                doc: concat!($($doc),+).trim_ascii(),
                secret: <$kind as crate::kinds::Kind>::SECRET,
                example: $example,
            },)+
            $($(crate::shape::Setting {
                key: concat!(stringify!($section), ".", stringify!($sfield)),
                shape: <$skind as crate::kinds::Kind>::SHAPE,
                default: settings!(@default $($sdefault)?),
                doc: concat!($($sdoc),+).trim_ascii(),
                secret: <$skind as crate::kinds::Kind>::SECRET,
                example: $sexample,
            },)+)+
        ];

        impl Config {
            /// Reads every setting; `None` only when one without a default is missing.
            pub(crate) fn assemble(
                given: &crate::table::Layered,
                problems: &mut Vec<crate::problem::Problem>,
            ) -> Option<Self> {
                let mut table = SETTINGS.iter();
                $(let $field = crate::table::read::<$kind>(table.next()?, given, problems);)+
                $(
                    let $section = {
                        $(let $sfield = crate::table::read::<$skind>(table.next()?, given, problems);)+
                        move || Some($section_type { $($sfield: $sfield?,)+ })
                    };
                )+
                Some(Self {
                    $($field: $field?,)+
                    $($section: $section()?,)+
                    origins: given
                        .iter()
                        .filter_map(|(key, layers)| Some((*key, layers.last()?.origin.clone())))
                        .collect(),
                })
            }

            /// The values as `config show` prints them, in the order of [`SETTINGS`].
            pub(crate) fn shown(&self) -> Vec<Option<String>> {
                vec![
                    $(<$kind as crate::kinds::Kind>::show(&self.$field),)+
                    $($(<$skind as crate::kinds::Kind>::show(&self.$section.$sfield),)+)+
                ]
            }
        }
    };
    (@default) => { None };
    (@default $default:literal) => { Some($default) };
}
pub(crate) use settings;

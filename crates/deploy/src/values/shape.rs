//! The macros by which structures and words of settings are written down once. They know no setting.

/// Structures of settings: each line is a field with what it is for. A key is the field's name in camel case.
macro_rules! values {
    ($( $(#[doc = $about:literal])+ $name:ident { $( $(#[doc = $doc:literal])+ $field:ident: $type:ty, )+ } )+) => {$(
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $( $(#[doc = $doc])+ pub $field: $type, )+
        }

        impl $crate::values::read::Read for $name {
            fn read(
                reading: &mut $crate::values::read::Reading<'_>,
                value: &serde_json::Value,
            ) -> Option<Self> {
                let object = reading.object(value)?;
                reading.only(object, &[$($crate::values::read::camel(stringify!($field))),+]);
                $(let $field = reading.field::<$type>(object, &$crate::values::read::camel(stringify!($field)));)+
                Some(Self { $($field: $field?,)+ })
            }

            fn schema() -> serde_json::Value {
                let mut properties = serde_json::Map::new();
                $(
                    let mut schema = <$type as $crate::values::read::Read>::schema();
                    if let Some(schema) = schema.as_object_mut() {
                        schema.insert("description".to_owned(), concat!($($doc),+).trim_ascii().into());
                    }
                    properties.insert($crate::values::read::camel(stringify!($field)), schema);
                )+
                serde_json::json!({
                    "type": "object",
                    "additionalProperties": false,
                    "properties": properties,
                })
            }
        }
    )+};
}

/// Settings that are chosen from a few words.
macro_rules! choices {
    ($( $(#[doc = $about:literal])+ $name:ident { $( $(#[doc = $doc:literal])+ $variant:ident = $word:literal, )+ } )+) => {$(
        $(#[doc = $about])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $( $(#[doc = $doc])+ $variant, )+
        }

        impl $name {
            /// Its word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl $crate::values::read::Read for $name {
            fn read(
                reading: &mut $crate::values::read::Reading<'_>,
                value: &serde_json::Value,
            ) -> Option<Self> {
                match value.as_str() {
                    $(Some($word) => Some(Self::$variant),)+
                    other => {
                        let words = [$($word),+];
                        let meant = other
                            .and_then(|other| $crate::values::read::nearest(other, words.into_iter()))
                            .map(|meant| format!("; did you mean {meant}?"))
                            .unwrap_or_default();
                        reading.refuse(format!(
                            "found {}; allowed: one of {}{meant}",
                            $crate::values::read::found(value),
                            words.join(", ")
                        ))
                    }
                }
            }

            fn schema() -> serde_json::Value {
                serde_json::json!({ "enum": [$($word),+] })
            }
        }
    )+};
}

pub(crate) use {choices, values};

//! Enums that people choose from by name: one line a value gives its name to flags, files and messages alike.

use std::fmt;

/// What can be chosen by name. Made by `choices!`.
pub trait Choice: Copy + Sized + 'static {
    /// Every value, in the order in which they are listed.
    const VALUES: &'static [Self];

    /// Its name, as it is written down, and then others that are taken for it.
    fn names(self) -> &'static [&'static str];

    /// By any of its names.
    fn named(name: &str) -> Option<Self> {
        Self::VALUES.iter().copied().find(|value| value.names().contains(&name))
    }
}

/// No value has this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    /// What came.
    pub name: String,
    /// The names that there are.
    pub known: Vec<&'static str>,
}

impl UnknownName {
    /// Among the values of `T`.
    pub fn of<T: Choice>(name: &str) -> Self {
        UnknownName { name: name.to_string(), known: T::VALUES.iter().map(|value| value.names()[0]).collect() }
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is none of {}", self.name, self.known.join(", "))
    }
}

impl std::error::Error for UnknownName {}

/// Gives an enum's values their names: `choices! { Resize: Stretch = "stretch", Crop = "crop" }`. A name may be followed by
/// `| "other"`, which is read but never written.
#[macro_export]
#[doc(hidden)]
macro_rules! choices {
    ($of:ident: $($value:ident = $name:literal $(| $other:literal)*),+ $(,)?) => {
        impl $of {
            /// All of them.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$value),+];

            /// As flags and files write it.
            pub fn name(self) -> &'static str {
                $crate::base::choice::Choice::names(self)[0]
            }
        }

        impl $crate::base::choice::Choice for $of {
            const VALUES: &'static [Self] = &Self::ALL;

            fn names(self) -> &'static [&'static str] {
                match self {
                    $(Self::$value => &[$name $(, $other)*]),+
                }
            }
        }

        impl std::str::FromStr for $of {
            type Err = $crate::base::choice::UnknownName;

            fn from_str(name: &str) -> std::result::Result<Self, Self::Err> {
                $crate::base::choice::Choice::named(name)
                    .ok_or_else(|| $crate::base::choice::UnknownName::of::<Self>(name))
            }
        }

        impl serde::Serialize for $of {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $of {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                let name = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                name.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

#[doc(hidden)]
pub use choices;

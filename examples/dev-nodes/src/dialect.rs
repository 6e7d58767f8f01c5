//! The words of older Kubo, and where it keeps what was put offline. The contract tests ask both real versions.

/// The version that nodes speak as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Kubo 0.40 to 0.42: other nodes do not find a record that was put with `offline=true`.
    Kubo40,
    /// Kubo 0.43.
    #[default]
    Kubo43,
}

impl Dialect {
    pub(crate) const fn version(self) -> &'static str {
        match self {
            Self::Kubo40 => "0.40.1",
            Self::Kubo43 => "0.43.0",
        }
    }

    /// What an offline read says of a record that is not there.
    pub(crate) const fn absent(self) -> &'static str {
        match self {
            Self::Kubo40 => "datastore: key not found",
            Self::Kubo43 => "routing: not found",
        }
    }

    /// What an offline put says of a record that is older than the one there.
    pub(crate) const fn older(self) -> &'static str {
        match self {
            Self::Kubo40 => "can't replace a newer record with an older one",
            Self::Kubo43 => "old record",
        }
    }

    /// What an offline put says of a record that is no good one.
    pub(crate) fn bad(self, reason: &str) -> String {
        match self {
            Self::Kubo40 => reason.to_owned(),
            Self::Kubo43 => format!("validating record: {reason}"),
        }
    }

    /// Whether other nodes find what was put offline.
    pub(crate) const fn shares_offline_puts(self) -> bool {
        matches!(self, Self::Kubo43)
    }
}

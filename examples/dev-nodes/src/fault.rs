//! What can be wrong with a node, on demand.

use std::time::Duration;

use serde_json::Value;

/// One way of misbehaving. A node has any number of them; [`Fault::None`] stands for good health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Healthy.
    None,
    /// The RPC refuses every caller (403); the gateway is unaffected.
    Denied,
    /// As a peer it drops every bitswap stream at its first message.
    Deaf,
    /// Answers leave at this many bytes per second.
    Drip(u64),
    /// Flips a bit in each record and block it gives out. Other nodes of the cluster notice and take nothing.
    Forge,
    /// Says yes to every write and keeps nothing.
    Forget,
    /// Every write fails for lack of space.
    Full,
    /// Accepts connections and never answers, as a stopped process does. What the other nodes of the cluster
    /// then do is set by [`Settings::walk_stall`](crate::Settings::walk_stall).
    Hang,
    /// Answers everything with a web page and status 200, as a captive portal does.
    Html,
    /// Compares an offline put, then waits this long, then stores it: the window in which two puts race.
    Racy(Duration),
    /// HTTP ports closed, connections closed; a node that is a peer stays one.
    Refuse,
    /// Resets the connection after this many bytes of each answer's body.
    Reset {
        /// Body bytes that still arrive.
        after_bytes: u64,
    },
    /// Answers with the first record it ever held of each name; puts are kept, and not shown.
    RollBack,
    /// Answers everything with this status.
    ServerError(u16),
    /// Waits this long before it handles a request.
    Slow(Duration),
    /// Shows its records as they were when the fault was set; puts are answered with 200 and dropped.
    Stale,
}

impl Fault {
    /// Reads the JSON of the control endpoint: `{"fault": "slow", "ms": 300}`. Names are those of the variants
    /// in snake case; the number of `drip` is `bytesPerSecond`, of `reset` `afterBytes`, of `server_error`
    /// `status`, of `slow` and `racy` `ms`.
    ///
    /// # Errors
    /// A sentence for people.
    pub fn from_json(value: &Value) -> Result<Self, String> {
        let number = |key: &str| {
            value.get(key).and_then(Value::as_u64).ok_or_else(|| format!("{key}: a whole number is needed"))
        };
        let ms = || number("ms").map(Duration::from_millis);
        Ok(match value.get("fault").and_then(Value::as_str).unwrap_or_default() {
            "none" => Self::None,
            "deaf" => Self::Deaf,
            "denied" => Self::Denied,
            "drip" => Self::Drip(number("bytesPerSecond")?),
            "forge" => Self::Forge,
            "forget" => Self::Forget,
            "full" => Self::Full,
            "hang" => Self::Hang,
            "html" => Self::Html,
            "racy" => Self::Racy(ms()?),
            "refuse" => Self::Refuse,
            "reset" => Self::Reset { after_bytes: number("afterBytes")? },
            "roll_back" => Self::RollBack,
            "server_error" => Self::ServerError(
                u16::try_from(number("status")?)
                    .ok()
                    .filter(|status| (400..600).contains(status))
                    .ok_or("status: 400 to 599")?,
            ),
            "slow" => Self::Slow(ms()?),
            "stale" => Self::Stale,
            other => return Err(format!("fault: \"{other}\" is not known")),
        })
    }
}

/// The faults a node has now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub fn set(&mut self, fault: Fault) {
        self.0.clear();
        self.add(fault);
    }

    pub fn add(&mut self, fault: Fault) {
        if fault != Fault::None && !self.0.contains(&fault) {
            self.0.push(fault);
        }
    }

    pub fn list(&self) -> &[Fault] {
        &self.0
    }

    pub fn has(&self, fault: Fault) -> bool {
        self.0.contains(&fault)
    }

    /// The first value that `pick` finds.
    pub fn find<T>(&self, pick: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        self.0.iter().find_map(pick)
    }
}

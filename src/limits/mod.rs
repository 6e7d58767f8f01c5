//! Every bound on size, count, depth and time, each with its reason.
//!
//! Nothing is read from a network, a file or a caller without one of these.

mod arriving;
mod audit;
mod checks;
mod engine;
mod files;
mod formats;
mod inventory;
mod metrics;
mod nodes;
mod peers;
mod plugin;
mod publishing;
mod push;
mod reading;
mod store;
mod windows;

pub use self::arriving::*;
pub use self::audit::*;
pub use self::checks::*;
pub use self::engine::*;
pub use self::files::*;
pub use self::formats::*;
pub use self::inventory::*;
pub use self::metrics::*;
pub use self::nodes::*;
pub use self::peers::*;
pub use self::plugin::*;
pub use self::publishing::*;
pub use self::push::*;
pub use self::reading::*;
pub use self::store::*;
pub use self::windows::*;

//! What a wallet does with its own data: reads and writes on this device.

pub mod allowance;
pub mod first_look;
pub mod read;
pub mod reject;
pub mod seal;
pub mod status;
pub mod write;

//! The Kubo client; the only file that names reqwest.

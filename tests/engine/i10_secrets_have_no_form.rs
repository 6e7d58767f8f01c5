//! I10, K2: secrets cannot be serialised, and what of them has a debug form shows nothing.

use std::fmt::{Debug, Display};
use std::marker::PhantomData;

use serde::Serialize;
use tauri_plugin_wallet_sync::Secret;
use tauri_plugin_wallet_sync::model::identity::{Slot, SlotKey, WalletKeys};
use tauri_plugin_wallet_sync::secret::{Bearer, SecretText};

/// Whether a type has a trait: the method of its own wins where the bound holds.
macro_rules! has {
    ($what:ty, $bound:path) => {{
        struct Probe<T>(PhantomData<T>);
        #[allow(dead_code)]
        trait Otherwise {
            fn holds(&self) -> bool {
                false
            }
        }
        impl<T> Otherwise for Probe<T> {}
        #[allow(dead_code)]
        impl<T: $bound> Probe<T> {
            fn holds(&self) -> bool {
                true
            }
        }
        Probe::<$what>(PhantomData).holds()
    }};
}

#[test]
fn no_secret_can_be_serialised_or_written_as_text() {
    assert!(has!(String, Serialize) && has!(String, Display), "the question is answered");
    assert!(!has!(Secret, Serialize) && !has!(Secret, Display) && !has!(Secret, Debug));
    assert!(!has!(Bearer, Serialize) && !has!(Bearer, Display));
    assert!(!has!(SecretText, Serialize) && !has!(SecretText, Display));
    assert!(!has!(WalletKeys, Serialize) && !has!(WalletKeys, Display));
    assert!(!has!(SlotKey, Serialize) && !has!(SlotKey, Display));
}

#[test]
fn the_message_of_a_panic_shows_no_secret() {
    let secret = Secret::new([0x5e; 32]);
    let keys = WalletKeys::derive(&secret, None);
    let slot = keys.slot(Slot::ZERO);
    let (bearer, text) = (Bearer::new("canary".into()), SecretText::new("canary".into()));
    let shown = std::panic::catch_unwind(|| panic!("{keys:?} {slot:?} {bearer:?} {text:?}")).unwrap_err();
    let shown = shown.downcast_ref::<String>().unwrap();
    assert!(!shown.contains("canary") && !shown.contains("94, 94") && !shown.contains("5e5e"), "{shown}");
}

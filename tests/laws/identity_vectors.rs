//! Known keys and names: whoever derives other ones does not find the user's wallet.

use tauri_plugin_wallet_sync::model::identity::{Name, Slot, WalletKeys};
use tauri_plugin_wallet_sync::{Code, Secret};

use crate::forge;

const PREDECESSOR_K51: &str = "k51qzi5uqu5dkem3g4utpxr5myq2du4zn92hsx8h7lcdjf85m2a9mnfcrfo74u";

fn check(secret: &Secret, network: Option<&str>, slot: u8, seed: &str, peer_id: &str) {
    let name = WalletKeys::derive(secret, network).slot(Slot::new(slot).unwrap()).name();
    assert_eq!(name.peer_id(), peer_id);
    let seed: [u8; 32] = forge::unhex(seed).try_into().unwrap();
    let public = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
    assert_eq!(Name::from_key(public.as_bytes()).unwrap(), name);
    for text in [name.k51(), name.peer_id(), format!("/ipns/{}", name.k51())] {
        assert_eq!(Name::parse(&text).unwrap(), name, "{text}");
    }
}

#[test]
fn slot_0_is_the_predecessors_name() {
    check(
        &forge::secret(1),
        None,
        0,
        "78b8e27911ff6fc412bfdabd9428c344b775760e96bea0953b8d8b26b43a915c",
        "12D3KooWMDko1V8yJTrU1TQ9iRhzWsw7G15eRbtXEdSaBsexxYvR",
    );
    assert_eq!(forge::name().k51(), PREDECESSOR_K51);
}

#[test]
fn slot_0_of_another_secret() {
    check(
        &Secret::new([0xab; 32]),
        None,
        0,
        "2fbbaeee37feff6cfffef11bd2377c7f9d34d96086d2b650dd9207df6b248ca7",
        "12D3KooWSDrsq7RZd6PVAXeDsTFCBwNM8PVdNqv7YzFay8ap3mEr",
    );
}

#[test]
fn slot_0_on_another_network() {
    check(
        &forge::secret(1),
        Some("testnet2"),
        0,
        "ba036b3e9012f395d3d7ecff507a611f8b707d3b1542cdf5236821bba18a5f44",
        "12D3KooWQ2D9UCyD8sdUgEytKC6yBHtT7LY5rTkMj9EU1WptXcRU",
    );
}

#[test]
fn slot_1_is_a_device_of_its_own() {
    check(
        &forge::secret(1),
        None,
        1,
        "7244669cb11618171b207d2cfdb7f0a7a1d14360092d93c0541ab0ebbe30c549",
        "12D3KooWAqkVNdqncMMjQX45jzz1Zimbgb3utxPamAFhT6mEZHV2",
    );
}

#[test]
fn slot_1_on_another_network() {
    check(
        &forge::secret(1),
        Some("testnet2"),
        1,
        "e272844310b40f97fb92d97f7803186e88e7da2485a88bbad759d69ffad6747e",
        "12D3KooWCMRERSKNZoVN8aLnh1ExkcKkTeiv7jAzHWXMvkmHe4FQ",
    );
}

#[test]
fn base32_text_is_the_same_name() {
    let name = forge::name();
    let cid = [&[0x01, 0x72], name.multihash().as_slice()].concat();
    let text = multibase::encode(multibase::Base::Base32Lower, cid);
    assert!(text.starts_with("bafzaa"), "{text}");
    assert_eq!(Name::parse(&text).unwrap(), name);
}

#[test]
fn other_texts_are_no_names() {
    for text in [
        "",
        "k51",
        "/ipns/",
        "12D3KooW",
        "example.com",
        forge::ROOT,
        // RSA: sha2-256 multihash of the key
        "QmSoLPppuBtQSGwKDZT2M73ULpjvfd3aZ6ha4oFGL1KrGM",
        "k2k4r8jl0yz8qjgqbmc2cdu5hkqek5rj6flgnlkyywynci20j0iuyfuj",
    ] {
        assert_eq!(Name::parse(text).unwrap_err().code(), Code::Malformed, "{text}");
    }
}

#[test]
fn there_are_64_slots() {
    assert!(Slot::new(63).is_some());
    assert_eq!(Slot::new(64), None);
    assert_eq!(Slot::all().count(), 64);
}

#[test]
fn every_slot_has_a_name_of_its_own() {
    let keys = forge::keys();
    let names: std::collections::BTreeSet<Name> = Slot::all().map(|slot| keys.slot(slot).name()).collect();
    assert_eq!(names.len(), 64);
}

#[test]
fn a_name_is_that_of_its_slots_key_however_often_it_is_asked_for() {
    let keys = WalletKeys::derive(&Secret::new([9; 32]), Some("testnet"));
    for slot in Slot::all().chain(Slot::all()) {
        assert_eq!(keys.name(slot), keys.slot(slot).name());
    }
}

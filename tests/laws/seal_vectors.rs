//! Sealing: published vectors, our own golden bytes, and everything that must not open.

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Key, Nonce};
use hmac::{Hmac, Mac};
use proptest::prelude::*;
use sha2::Sha256;
use tauri_plugin_wallet_sync::model::seal::{Compression, Kind, Sealer, padme};
use tauri_plugin_wallet_sync::{Code, Secret};

use crate::forge;

const CONTENT_KEY: [u8; 32] = [1; 32];
const NONCE_KEY: [u8; 32] = [2; 32];
const INDEX_KEY: [u8; 32] = [3; 32];
const KINDS: [(Kind, &str); 8] = [
    (Kind::State, "ws1/state"),
    (Kind::Evidence, "ws1/evidence"),
    (Kind::Value, "ws1/value"),
    (Kind::Index, "ws1/index"),
    (Kind::Root, "ws1/root"),
    (Kind::Beacon, "ws1/beacon"),
    (Kind::Push, "ws1/push"),
    (Kind::Row, "ws1/row"),
];

fn sealer() -> Sealer {
    Sealer::new(&Secret::new(CONTENT_KEY), &Secret::new(NONCE_KEY), &Secret::new(INDEX_KEY))
}

fn cipher(key: [u8; 32]) -> Aes256GcmSiv {
    Aes256GcmSiv::new(&Key::<Aes256GcmSiv>::from(key))
}

/// Seals any inside with the right keys, as only a hostile writer with the wallet's secret could.
fn seal_inside(inside: &[u8]) -> Vec<u8> {
    let nonce = [9; 12];
    let payload = Payload { msg: inside, aad: b"ws1/state" };
    [nonce.as_slice(), &cipher(CONTENT_KEY).encrypt(&Nonce::from(nonce), payload).unwrap()].concat()
}

/// One byte of codec, the length, the bytes, zeros up to a padded size.
fn inside(codec: u8, stored: &[u8]) -> Vec<u8> {
    let length = u32::try_from(stored.len()).unwrap().to_be_bytes();
    let mut inside = [&[codec], length.as_slice(), stored].concat();
    inside.resize(padme(inside.len()), 0);
    inside
}

fn open_inside(bytes: &[u8]) -> Result<Vec<u8>, Code> {
    let opened = sealer().open(Kind::State, &seal_inside(bytes), 1_000);
    opened.map(|plain| plain.to_vec()).map_err(|error| error.code())
}

/// RFC 8452, appendix C.2.
#[test]
fn k09_rfc_8452_vectors() {
    let mut key = [0; 32];
    key[0] = 1;
    let mut nonce = [0; 12];
    nonce[0] = 3;
    for (plain, aad, expected) in [
        ("", "", "07f5f4169bbf55a8400cd47ea6fd400f"),
        ("0100000000000000", "", "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28"),
        ("0200000000000000", "01", "1de22967237a813291213f267e3b452f02d01ae33e4ec854"),
    ] {
        let payload = Payload { msg: &forge::unhex(plain), aad: &forge::unhex(aad) };
        assert_eq!(forge::hex(&cipher(key).encrypt(&Nonce::from(nonce), payload).unwrap()), expected);
    }
}

#[test]
fn sealed_bytes_are_the_documented_ones() {
    for (kind, associated) in KINDS {
        let padded = inside(0, b"hello");
        assert_eq!(padded.len(), 10);
        let mut mac = Hmac::<Sha256>::new_from_slice(&NONCE_KEY).unwrap();
        mac.update(associated.as_bytes());
        mac.update(&[0]);
        mac.update(&padded);
        let nonce: [u8; 12] = mac.finalize().into_bytes()[..12].try_into().unwrap();
        let payload = Payload { msg: &padded, aad: associated.as_bytes() };
        let body = cipher(CONTENT_KEY).encrypt(&Nonce::from(nonce), payload).unwrap();
        let sealed = sealer().seal(kind, b"hello", Compression::Never).unwrap();
        assert_eq!(forge::hex(&sealed), forge::hex(&[nonce.as_slice(), &body].concat()), "{associated}");
    }
}

#[test]
fn sealed_bytes_are_golden() {
    let golden = include_str!("../data/golden/sealed.hex");
    let made: String = KINDS
        .iter()
        .map(|(kind, name)| {
            let sealed = sealer().seal(*kind, b"hello", Compression::Never).unwrap();
            format!("{name} {}\n", forge::hex(&sealed))
        })
        .collect();
    assert_eq!(made, golden);
}

#[test]
fn k09_keys_of_a_wallet_are_golden() {
    let keys = forge::keys();
    let sealed = keys.sealer().seal(Kind::State, b"hello", Compression::Never).unwrap();
    let made = format!(
        "id {}\nstate {}\nindex-key {}\n",
        forge::hex(keys.wallet_id()),
        forge::hex(&sealed),
        forge::hex(&keys.sealer().index_key(&[b"a", b"b"]))
    );
    assert_eq!(made, include_str!("../data/golden/wallet.txt"));
}

#[test]
fn k08_sizes_are_padded() {
    for (length, padded) in
        [(0, 0), (1, 1), (2, 2), (7, 7), (8, 8), (9, 10), (100, 104), (1_000, 1_024), (10_000, 10_240)]
    {
        assert_eq!(padme(length), padded, "{length}");
    }
    let sealed = |length| sealer().seal(Kind::State, &vec![7; length], Compression::Never).unwrap().len();
    assert_eq!(sealed(1_000 - 5), 1_024 + 12 + 16);
    assert_eq!(sealed(1_000), sealed(1_019));
}

#[test]
fn one_kind_never_opens_as_another() {
    for (kind, _) in KINDS {
        let sealed = sealer().seal(kind, b"hello", Compression::Never).unwrap();
        for (other, _) in KINDS {
            let opened = sealer().open(other, &sealed, 100).map_err(|error| error.code());
            assert_eq!(
                opened.map(|plain| plain.to_vec()),
                if other == kind { Ok(b"hello".to_vec()) } else { Err(Code::DecryptFailed) }
            );
        }
    }
}

#[test]
fn other_keys_do_not_open() {
    let sealed = sealer().seal(Kind::State, b"hello", Compression::Never).unwrap();
    let other = Sealer::new(&Secret::new([4; 32]), &Secret::new(NONCE_KEY), &Secret::new(INDEX_KEY));
    assert_eq!(other.open(Kind::State, &sealed, 100).unwrap_err().code(), Code::DecryptFailed);
}

#[test]
fn changed_or_cut_bytes_do_not_open() {
    let sealed = sealer().seal(Kind::State, b"hello", Compression::Never).unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            sealer().open(Kind::State, &changed, 100).unwrap_err().code(),
            Code::DecryptFailed,
            "{bit}"
        );
    }
    for length in 0..sealed.len() {
        let result = sealer().open(Kind::State, &sealed[..length], 100);
        assert_eq!(result.unwrap_err().code(), Code::DecryptFailed, "{length}");
    }
}

#[test]
fn b04_bomb_is_refused_by_its_declared_size() {
    let bomb = sealer().seal(Kind::State, &vec![0; 64 << 20], Compression::IfSmaller).unwrap();
    assert!(bomb.len() < 16 * 1024, "{}", bomb.len());
    let error = sealer().open(Kind::State, &bomb, 1 << 20).unwrap_err();
    assert_eq!(error.code(), Code::TooLarge);
    assert_eq!(error.message(), format!("{} bytes inside, at most {}", 64 << 20, 1 << 20));
}

#[test]
fn b04_frames_that_hide_their_size_are_refused() {
    let zeros = [0; 600];
    let silent = zstd::stream::encode_all(zeros.as_slice(), 3).unwrap();
    assert_eq!(open_inside(&inside(1, &silent)), Err(Code::Malformed));
    let honest = zstd::bulk::compress(&zeros, 3).unwrap();
    assert_eq!(open_inside(&inside(1, &honest)), Ok(zeros.to_vec()));
    // Magic (4), descriptor (1), then the size less 256 in two bytes.
    assert_eq!(honest[5..7], (600_u16 - 256).to_le_bytes());
    for claimed in [300_u16, 599, 601, 900] {
        let mut lying = honest.clone();
        lying[5..7].copy_from_slice(&(claimed - 256).to_le_bytes());
        assert_eq!(open_inside(&inside(1, &lying)), Err(Code::Malformed), "{claimed}");
    }
    assert_eq!(open_inside(&inside(1, b"no frame")), Err(Code::Malformed));
    assert_eq!(open_inside(&inside(1, b"")), Err(Code::Malformed));
}

#[test]
fn inside_of_another_form_is_refused() {
    assert_eq!(open_inside(&inside(0, b"hello")), Ok(b"hello".to_vec()));
    assert_eq!(open_inside(&inside(0, b"")), Ok(Vec::new()));
    assert_eq!(open_inside(&inside(2, b"hello")), Err(Code::Malformed));
    assert_eq!(open_inside(&inside(0, &[7; 1_001])), Err(Code::TooLarge));
    let mut padding = inside(0, &[7; 96]);
    *padding.last_mut().unwrap() = 1;
    assert_eq!(open_inside(&padding), Err(Code::Malformed));
    let more = [inside(0, b"hello"), vec![0; 8]].concat();
    assert_eq!(open_inside(&more), Err(Code::Malformed));
    for short in [&[][..], &[0], &[0, 0, 0, 0], &[0, 0, 0, 0, 1], &[0, 0xff, 0xff, 0xff, 0xff, 1]] {
        assert_eq!(open_inside(short), Err(Code::Malformed));
    }
}

#[test]
fn compression_is_used_only_where_it_helps() {
    let noise: Vec<u8> = (0..200_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    let once = |compression| sealer().seal(Kind::State, &noise[..50], compression).unwrap();
    assert_eq!(once(Compression::IfSmaller), once(Compression::Never));
    let text = "token ".repeat(500);
    let packed = sealer().seal(Kind::State, text.as_bytes(), Compression::IfSmaller).unwrap();
    assert!(packed.len() < 200, "{}", packed.len());
    assert_eq!(sealer().open(Kind::State, &packed, text.len()).unwrap().as_slice(), text.as_bytes());
    assert_eq!(sealer().open(Kind::State, &packed, text.len() - 1).unwrap_err().code(), Code::TooLarge);
}

proptest! {
    #[test]
    fn p08_open_undoes_seal(plain in prop::collection::vec(any::<u8>(), 0..2_000), packed in any::<bool>()) {
        let compression = if packed { Compression::IfSmaller } else { Compression::Never };
        let sealed = sealer().seal(Kind::Value, &plain, compression).unwrap();
        prop_assert_eq!(&sealed, &sealer().seal(Kind::Value, &plain, compression).unwrap());
        prop_assert_eq!(sealer().open(Kind::Value, &sealed, plain.len()).unwrap().to_vec(), plain);
    }

    #[test]
    fn any_bytes_end_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(sealer().open(Kind::State, &bytes, 1_000).is_err());
        let _ = open_inside(&bytes);
    }

    #[test]
    fn padme_is_monotone_and_costs_at_most_12_percent(length in 0_usize..100_000_000) {
        let padded = padme(length);
        prop_assert!(padded >= length && padded <= length + length * 12 / 100);
        prop_assert_eq!(padme(padded), padded);
        prop_assert!(padme(length + 1) >= padded);
    }
}

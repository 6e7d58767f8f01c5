//! Builds records and CARs that an honest writer would not: well signed, and wrong in one chosen way.

use ed25519_dalek::{Signer, SigningKey};
use ipld_core::ipld::Ipld;
use sha2::{Digest, Sha256};
use tauri_plugin_wallet_sync::Secret;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::identity::{Name, Slot, SlotKey, WalletKeys};
use tauri_plugin_wallet_sync::model::seal::{Compression, Kind};

/// A root that stands for any.
pub const ROOT: &str = "bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua";
/// 2123-08-14T20:04:00Z.
pub const EOL_MS: i64 = 4_847_717_040_000;
pub const EOL: &str = "2123-08-14T20:04:00Z";
/// Seed of slot 0 for the secret 31 × 00, 01.
pub const SEED: &str = "78b8e27911ff6fc412bfdabd9428c344b775760e96bea0953b8d8b26b43a915c";

pub fn secret(last: u8) -> Secret {
    let mut bytes = [0; 32];
    bytes[31] = last;
    Secret::new(bytes)
}

pub fn keys() -> WalletKeys {
    WalletKeys::derive(&secret(1), None)
}

pub fn slot_key(slot: u8) -> SlotKey {
    keys().slot(Slot::new(slot).unwrap())
}

pub fn root() -> Cid {
    ROOT.parse().unwrap()
}

pub fn name() -> Name {
    slot_key(0).name()
}

pub fn node(value: &Ipld) -> Block {
    Block::new(Codec::DagCbor, tauri_plugin_wallet_sync::model::cbor::encode(value).unwrap())
}

pub fn raw(bytes: &[u8]) -> Block {
    Block::new(Codec::Raw, bytes.to_vec())
}

/// A dag-cbor node with links.
pub fn parent(children: &[Cid]) -> Block {
    node(&Ipld::List(children.iter().map(|cid| Ipld::Link(cid.to_ipld())).collect()))
}

/// The outer form of index nodes and roots around any body; the body's map gets the hash of the links.
pub fn envelope(kind: Kind, body: &Ipld, links: &[Cid]) -> Block {
    let mut body = body.clone();
    if let (Ipld::Map(map), false) = (&mut body, links.is_empty()) {
        let hash = Sha256::digest(links.iter().flat_map(Cid::to_bytes).collect::<Vec<u8>>());
        map.insert("h".to_owned(), Ipld::Bytes(hash.to_vec()));
    }
    let plain = tauri_plugin_wallet_sync::model::cbor::encode(&body).unwrap();
    let sealed = keys().sealer().seal(kind, &plain, Compression::Never).unwrap();
    node(&map([("b", Ipld::Bytes(sealed)), ("l", links_of(links))]))
}

/// A list of links.
pub fn links_of(links: &[Cid]) -> Ipld {
    Ipld::List(links.iter().map(|cid| Ipld::Link(cid.to_ipld())).collect())
}

/// A map.
pub fn map<const N: usize>(fields: [(&str, Ipld); N]) -> Ipld {
    Ipld::Map(fields.map(|(key, value)| (key.to_owned(), value)).into())
}

pub fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

/// One CBOR text key.
pub fn key(text: &str) -> Vec<u8> {
    [&[0x60 + text.len() as u8], text.as_bytes()].concat()
}

/// One CBOR byte string of up to 65,535 bytes.
pub fn byte_string(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    [&[0x59], length.to_be_bytes().as_slice(), bytes].concat()
}

/// One unsigned CBOR number in its longest form.
pub fn unsigned(value: u64) -> Vec<u8> {
    [&[0x1b], value.to_be_bytes().as_slice()].concat()
}

/// A record in parts; `signed` writes it with good signatures, whatever it says.
#[derive(Clone)]
pub struct Forged {
    pub value: Vec<u8>,
    pub validity: Vec<u8>,
    pub sequence: u64,
    pub ttl: u64,
    /// Pairs of encoded key and encoded value, in this order.
    pub data: Vec<(Vec<u8>, Vec<u8>)>,
    pub after_data: Vec<u8>,
    pub with_v1: bool,
    pub public_key: Vec<u8>,
    pub seed: Vec<u8>,
}

impl Default for Forged {
    fn default() -> Self {
        Self::new(format!("/ipfs/{ROOT}").as_bytes(), EOL.as_bytes(), 5)
    }
}

impl Forged {
    pub fn new(value: &[u8], validity: &[u8], sequence: u64) -> Self {
        Self {
            value: value.to_vec(),
            validity: validity.to_vec(),
            sequence,
            ttl: 0,
            data: vec![
                (key("TTL"), unsigned(0)),
                (key("Value"), byte_string(value)),
                (key("Sequence"), unsigned(sequence)),
                (key("Validity"), byte_string(validity)),
                (key("ValidityType"), unsigned(0)),
            ],
            after_data: Vec::new(),
            with_v1: true,
            public_key: Vec::new(),
            seed: unhex(SEED),
        }
    }

    pub fn set(mut self, name: &str, value: Vec<u8>) -> Self {
        self.data
            .iter_mut()
            .filter(|(found, _)| *found == key(name))
            .for_each(|(_, old)| *old = value.clone());
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.data.retain(|(found, _)| *found != key(name));
        self
    }

    pub fn with(mut self, name: &str, value: Vec<u8>) -> Self {
        self.data.push((key(name), value));
        self
    }

    pub fn data_bytes(&self) -> Vec<u8> {
        let mut data = vec![0xb8, self.data.len() as u8];
        self.data.iter().for_each(|(key, value)| data.extend([key.as_slice(), value].concat()));
        data.extend_from_slice(&self.after_data);
        data
    }

    pub fn signed(&self) -> Vec<u8> {
        self.signed_over(&self.data_bytes())
    }

    pub fn signed_over(&self, data: &[u8]) -> Vec<u8> {
        let signing = SigningKey::from_bytes(self.seed.as_slice().try_into().unwrap());
        let sign = |message: Vec<u8>| signing.sign(&message).to_bytes();
        let mut out = Vec::new();
        if self.with_v1 {
            let v1 = sign([&self.value, &self.validity, b"EOL".as_slice()].concat());
            out.extend(field_bytes(1, &self.value));
            out.extend(field_bytes(2, &v1));
            out.extend(field_number(3, 0));
            out.extend(field_bytes(4, &self.validity));
            out.extend(field_number(5, self.sequence));
            out.extend(field_number(6, self.ttl));
        }
        if !self.public_key.is_empty() {
            out.extend(field_bytes(7, &self.public_key));
        }
        out.extend(field_bytes(8, &sign([b"ipns-signature:", data].concat())));
        out.extend(field_bytes(9, data));
        out
    }
}

pub fn field_bytes(field: u64, bytes: &[u8]) -> Vec<u8> {
    [varint(field << 3 | 2), varint(bytes.len() as u64), bytes.to_vec()].concat()
}

pub fn field_number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

/// A CAR section with any CID bytes.
pub fn section(cid: &[u8], bytes: &[u8]) -> Vec<u8> {
    [varint((cid.len() + bytes.len()) as u64), cid.to_vec(), bytes.to_vec()].concat()
}

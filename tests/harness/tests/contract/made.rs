//! Records, blocks and CARs made for the checks.

use data_encoding::{BASE32_NOPAD, Encoding};
use ed25519_dalek::{Signer, SigningKey};
use ipld_core::ipld::Ipld;
use tauri_plugin_wallet_sync::model::cbor;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::identity::Name;

/// An EOL that no test lives to see.
pub const FAR: &str = "2120-01-01T00:00:00Z";
/// One that is over.
pub const PAST: &str = "2020-01-01T00:00:00Z";

/// A key that signs records for its name.
pub struct Key(SigningKey);

impl Key {
    /// The key of a check; equal for equal seeds.
    pub fn of(seed: &str) -> Self {
        Self(SigningKey::from_bytes(Cid::of(Codec::Raw, seed.as_bytes()).digest()))
    }

    pub fn name(&self) -> Name {
        Name::from_key(self.0.verifying_key().as_bytes()).unwrap()
    }

    pub fn k51(&self) -> String {
        self.name().k51()
    }

    /// `bafzaa…`, the base 32 form of the name.
    pub fn base32(&self) -> String {
        let lower: &Encoding = &BASE32_NOPAD;
        format!("b{}", lower.encode(&[&[1, 0x72], self.name().multihash().as_slice()].concat()).to_lowercase())
    }

    /// A V1+V2 record with TTL 0.
    pub fn record(&self, value: &str, sequence: u64, eol: &str) -> Vec<u8> {
        self.record_with_ttl(value, sequence, eol, 0)
    }

    pub fn record_with_ttl(&self, value: &str, sequence: u64, eol: &str, ttl_ns: u64) -> Vec<u8> {
        let v1 = self.0.sign(&[value.as_bytes(), eol.as_bytes(), b"EOL"].concat());
        let mut out = field(1, value.as_bytes());
        out.extend(field(2, &v1.to_bytes()));
        out.extend([3 << 3, 0]);
        out.extend(field(4, eol.as_bytes()));
        out.extend([&[5 << 3], varint(sequence).as_slice()].concat());
        out.extend([&[6 << 3], varint(ttl_ns).as_slice()].concat());
        out.extend(self.v2_record(value, sequence, eol, ttl_ns));
        out
    }

    /// A record of the two mandatory fields only.
    pub fn v2_record(&self, value: &str, sequence: u64, eol: &str, ttl_ns: u64) -> Vec<u8> {
        let data = Ipld::Map(
            [
                ("Sequence", Ipld::Integer(sequence.into())),
                ("TTL", Ipld::Integer(ttl_ns.into())),
                ("Validity", Ipld::Bytes(eol.into())),
                ("ValidityType", Ipld::Integer(0)),
                ("Value", Ipld::Bytes(value.into())),
            ]
            .map(|(key, value)| (key.to_owned(), value))
            .into(),
        );
        let data = cbor::encode(&data).unwrap();
        let v2 = self.0.sign(&[b"ipns-signature:", data.as_slice()].concat());
        [field(8, &v2.to_bytes()), field(9, &data)].concat()
    }

    /// A record whose signed bytes were changed after signing.
    pub fn forged(&self, sequence: u64) -> Vec<u8> {
        let mut raw = self.record(&some_value(), sequence, FAR);
        *raw.last_mut().unwrap() ^= 1;
        raw
    }
}

/// A value that resolves to nothing anyone has.
pub fn some_value() -> String {
    format!("/ipfs/{}", Cid::of(Codec::DagCbor, b"nowhere"))
}

fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [[number << 3 | 2].as_slice(), &varint(bytes.len() as u64), bytes].concat()
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while number > 0x7f {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
    out
}

/// A block and its CID.
#[derive(Clone)]
pub struct Made {
    pub cid: Cid,
    pub bytes: Vec<u8>,
}

/// A raw block.
pub fn leaf(text: &str) -> Made {
    Made { cid: Cid::of(Codec::Raw, text.as_bytes()), bytes: text.into() }
}

/// A DAG-CBOR block: a list of links.
pub fn node(children: &[&Made]) -> Made {
    let links = children.iter().map(|child| Ipld::Link(child.cid.to_ipld())).collect();
    let bytes = cbor::encode(&Ipld::List(links)).unwrap();
    Made { cid: Cid::of(Codec::DagCbor, &bytes), bytes }
}

/// A CAR with its first block as the root.
pub fn car(blocks: &[&Made]) -> Vec<u8> {
    let roots = Ipld::List(vec![Ipld::Link(blocks[0].cid.to_ipld())]);
    let header = [("roots".to_owned(), roots), ("version".to_owned(), Ipld::Integer(1))];
    let header = cbor::encode(&Ipld::Map(header.into())).unwrap();
    let mut out = [varint(header.len() as u64), header].concat();
    for block in blocks {
        let section = [block.cid.to_bytes(), block.bytes.clone()].concat();
        out.extend([varint(section.len() as u64), section].concat());
    }
    out
}

/// A root over two leaves, all of them new for this seed: root, leaf, leaf.
pub fn tree(seed: &str) -> [Made; 3] {
    let [left, right] = ["left", "right"].map(|side| leaf(&format!("{seed} {side}")));
    [node(&[&left, &right]), left, right]
}

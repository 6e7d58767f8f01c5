//! What reading a backup file promises, whatever is in it.

use ipld_core::ipld::Ipld;
use proptest::prelude::*;
use tauri_plugin_wallet_sync::model::backup::{Backup, BackupReader, Head};
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::car;
use tauri_plugin_wallet_sync::model::identity::{Slot, WalletKeys};
use tauri_plugin_wallet_sync::model::index::Index;
use tauri_plugin_wallet_sync::model::inventory::{BlockRef, Counts, Id, Item, TokenKey, TokenState};
use tauri_plugin_wallet_sync::model::keep::Keep;
use tauri_plugin_wallet_sync::model::record::Record;
use tauri_plugin_wallet_sync::model::root::{FORMAT, Root};
use tauri_plugin_wallet_sync::{Code, Error};

use crate::car_laws::car as car_of;
use crate::forge::{EOL_MS, keys, node, raw, slot_key};

/// Head, root, index, keep and two payloads of a small wallet, parents first.
fn wallet(sequence: u64, record_slot: u8) -> Vec<Block> {
    let keys = keys();
    let (mut index, mut keep) = (Index::new(), Keep::new());
    let payloads = [raw(b"sealed one"), raw(b"sealed two")];
    for (at, payload) in payloads.iter().enumerate() {
        let id = Id::parse(&format!("t{at}")).unwrap();
        let state = TokenState {
            payloads: BlockRef::new([*payload.cid()], 5).into_iter().collect(),
            ..TokenState::default()
        };
        let item = Item::Token(TokenKey { token_id: id.clone(), state_hash: id }, state);
        index.insert(item.index_key(keys.sealer()), item.encode().unwrap());
        keep.insert(*payload.cid());
    }
    let root = Root {
        format: FORMAT,
        wallet: *keys.wallet_id(),
        device: [1; 16],
        slot: Slot::ZERO,
        sequence: 7,
        heads: Default::default(),
        counts: Counts { total: 2, unspent: 2, suspect: 0 },
        published: 1,
        predecessors: Vec::new(),
        retired: false,
        pool: None,
        label: None,
        moved: None,
        former: None,
        index: index.seal(keys.sealer()).unwrap(),
        keep: keep.seal().unwrap(),
        unknown: Default::default(),
    };
    let root = root.seal(keys.sealer()).unwrap();
    let record = Record::create(&slot_key(record_slot), sequence, root.cid(), EOL_MS, &[]).unwrap();
    let head = Head { root: *root.cid(), record: Some(record) }.to_block().unwrap();
    let mut blocks = vec![head, root];
    blocks.extend(index.blocks());
    blocks.extend(keep.blocks());
    blocks.extend(payloads);
    blocks
}

fn file(blocks: &[Block]) -> Vec<u8> {
    car_of(blocks[0].cid(), blocks)
}

fn read<'a>(
    keys: Option<&WalletKeys>,
    chunks: impl Iterator<Item = &'a [u8]>,
) -> Result<(Backup, usize), Error> {
    let mut chunks = chunks.peekable();
    let mut reader = BackupReader::new(car::root_of(chunks.peek().copied().unwrap_or_default())?, keys);
    let mut data = 0;
    for chunk in chunks {
        data += reader.push(chunk)?.len();
    }
    Ok((reader.finish()?, data))
}

fn code(blocks: &[Block]) -> Option<Code> {
    read(Some(&keys()), std::iter::once(file(blocks).as_slice())).err().map(|e| e.code())
}

#[test]
fn every_changed_bit_and_every_cut_is_found() {
    let good = file(&wallet(7, 0));
    let keys = keys();
    for with in [Some(&keys), None] {
        let (backup, data) = read(with, std::iter::once(good.as_slice())).unwrap();
        assert_eq!((backup.car.blocks, data, backup.head.record.unwrap().sequence()), (6, 2, 7));
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1 << (at % 8);
            assert!(read(with, std::iter::once(bad.as_slice())).is_err(), "byte {at}");
            assert!(read(with, std::iter::once(&good[..at])).is_err(), "{at} bytes");
        }
    }
}

#[test]
fn what_is_no_backup_or_says_two_things_has_a_name() {
    assert_eq!(code(&wallet(7, 0)), None);
    // Record and root disagree.
    assert_eq!(code(&wallet(8, 0)), Some(Code::Malformed));
    assert_eq!(code(&wallet(7, 1)), Some(Code::NameMismatch));
    let blocks = wallet(7, 0);
    let record = Head::open(&blocks[0]).unwrap().record.unwrap();
    let other = node(&Ipld::List(Vec::new()));
    let head = Head { root: *other.cid(), record: Some(record) }.to_block().unwrap();
    assert_eq!(code(&[head, other.clone()]), Some(Code::Malformed));
    // A CAR of something else, the root itself among it.
    assert_eq!(code(&[other]), Some(Code::Malformed));
    assert_eq!(code(&blocks[1..]), Some(Code::Malformed));
    // Of a later format nothing else is looked at.
    let later = |key: &str, value| (key.to_owned(), value);
    let version = Ipld::List(vec![Ipld::Integer(2), Ipld::Integer(0), Ipld::Bool(true)]);
    let kind = Ipld::String("wallet-sync-backup".to_owned());
    let head = node(&Ipld::Map([later("k", kind), later("v", version)].into()));
    assert_eq!(code(&[head]), Some(Code::ReadOnly));
}

#[test]
fn what_a_device_had_not_got_is_counted() {
    let mut blocks = wallet(7, 0);
    // The index wants a payload that the keep does not hold.
    let keys = keys();
    let root = Root::open(&blocks[1], keys.sealer(), keys.wallet_id()).unwrap();
    let mut keep = Keep::new();
    keep.insert(*blocks[5].cid());
    let root = Root { keep: keep.seal().unwrap(), ..root }.seal(keys.sealer()).unwrap();
    blocks[0] = Head { root: *root.cid(), record: None }.to_block().unwrap();
    blocks[1] = root;
    blocks[3] = keep.blocks().remove(0);
    blocks.remove(4);
    let (backup, _) = read(Some(&keys), std::iter::once(file(&blocks).as_slice())).unwrap();
    assert_eq!(backup.opened.map(|opened| (opened.items.len(), opened.missing)), Some((2, 1)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn neither_the_chunks_nor_the_order_of_the_blocks_matter(
        sizes in prop::collection::vec(1_usize..200, 1..40),
        order in Just((1..6).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let blocks = wallet(7, 0);
        let shuffled: Vec<Block> = std::iter::once(0).chain(order).map(|at| blocks[at].clone()).collect();
        let bytes = file(&shuffled);
        // The header comes whole in the first chunk.
        let (first, mut rest) = bytes.split_at(100);
        let mut chunks = vec![first];
        for size in sizes.iter().cycle() {
            let (chunk, left) = rest.split_at((*size).min(rest.len()));
            chunks.push(chunk);
            rest = left;
            if rest.is_empty() {
                break;
            }
        }
        let (backup, data) = read(Some(&keys()), chunks.into_iter()).unwrap();
        prop_assert_eq!(data, 2);
        prop_assert_eq!(backup.opened.map(|opened| (opened.items.len(), opened.missing)), Some((2, 0)));
    }

    #[test]
    fn any_bytes_are_an_error_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(read(Some(&keys()), std::iter::once(bytes.as_slice())).is_err());
    }
}

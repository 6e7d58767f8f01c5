//! The keep: links to all kept blocks, in a shape that depends on the set alone.

use std::collections::{BTreeSet, HashMap, HashSet};

use ipld_core::ipld::Ipld;
use proptest::prelude::*;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::keep::{Keep, parse_node};
use tauri_plugin_wallet_sync::{Code, limits};

use crate::forge::{self, links_of, map};

fn cid(n: u32) -> Cid {
    Cid::of(Codec::Raw, &n.to_be_bytes())
}

fn sealed(cids: impl IntoIterator<Item = Cid>) -> (Cid, Keep) {
    let mut keep = Keep::new();
    cids.into_iter().for_each(|cid| assert!(keep.insert(cid)));
    (keep.seal().unwrap(), keep)
}

/// Everything that a recursive pin of the root holds: nodes and kept blocks.
fn pinned(root: Cid, keep: &Keep) -> (HashSet<Cid>, BTreeSet<Cid>) {
    let blocks: HashMap<Cid, Block> = keep.blocks().into_iter().map(|block| (*block.cid(), block)).collect();
    let (mut open, mut nodes, mut kept) = (vec![root], HashSet::new(), BTreeSet::new());
    while let Some(cid) = open.pop() {
        match cid.codec() {
            Codec::Raw => assert!(kept.insert(cid), "linked twice"),
            Codec::DagCbor => {
                nodes.insert(cid);
                open.extend(parse_node(&blocks[&cid]).unwrap());
            }
        }
    }
    (nodes, kept)
}

#[test]
fn an_empty_keep_is_one_empty_leaf() {
    let (root, keep) = sealed([]);
    let expected = forge::node(&map([("l", links_of(&[]))]));
    assert_eq!(
        (root, keep.blocks(), keep.len(), keep.is_empty()),
        (*expected.cid(), vec![expected], 0, true)
    );
    assert_eq!(parse_node(&keep.blocks()[0]).unwrap(), []);
}

#[test]
fn a_cid_is_kept_once_and_only_if_raw() {
    let mut keep = Keep::new();
    assert!(keep.insert(cid(1)));
    assert!(!keep.insert(cid(1)));
    let node = Cid::of(Codec::DagCbor, &1_u32.to_be_bytes());
    assert!(!keep.insert(node), "items refer to raw blocks only");
    assert_eq!((keep.contains(&cid(1)), keep.contains(&node), keep.contains(&cid(2))), (true, false, false));
    assert_eq!(
        (keep.len(), keep.is_empty(), keep.iter().copied().collect::<Vec<_>>()),
        (1, false, vec![cid(1)])
    );
}

#[test]
fn one_more_of_10_000_rewrites_one_path() {
    let (_, old) = sealed((0..10_000).map(cid));
    let mut new = old.clone();
    new.insert(cid(10_000));
    let root = new.seal().unwrap();
    assert_eq!(root, sealed((0..=10_000).map(cid)).0);
    let known: HashSet<Cid> = old.blocks().iter().map(|block| *block.cid()).collect();
    let fresh: Vec<Block> = new.blocks().into_iter().filter(|block| !known.contains(block.cid())).collect();
    assert_eq!(fresh.len(), 3, "root, inner node, leaf");
    assert!(fresh.iter().map(|block| block.bytes().len()).sum::<usize>() < 8 * 1024);
}

#[test]
fn every_block_is_small_enough_and_of_its_kind() {
    let (root, keep) = sealed((0..2_000).map(cid));
    assert_eq!(*keep.blocks()[0].cid(), root);
    for block in keep.blocks() {
        assert!(block.bytes().len() < 2 * 1024, "{} bytes", block.bytes().len());
        let codecs: HashSet<Codec> = parse_node(&block).unwrap().iter().map(Cid::codec).collect();
        assert_eq!(codecs.len(), 1);
    }
}

#[test]
fn malformed_nodes_are_refused() {
    let mut two = [cid(1), cid(2)];
    two.sort_unstable();
    let [a, b] = two;
    let (x, y) = (*forge::node(&Ipld::Null).cid(), forge::root());
    let bitmap = |bits: i128| ("m", Ipld::Integer(bits));
    let links = |cids: &[Cid]| ("l", links_of(cids));
    assert_eq!(parse_node(&forge::node(&map([links(&[a, b])]))).unwrap(), [a, b]);
    assert_eq!(parse_node(&forge::node(&map([bitmap(0b101), links(&[x, y])]))).unwrap(), [x, y]);
    let later = map([bitmap(0b101), links(&[x, y]), ("new", Ipld::Null)]);
    assert_eq!(parse_node(&forge::node(&later)).unwrap(), [x, y], "keys of later minors are ignored");
    let many: Vec<Cid> = {
        let mut many: Vec<Cid> = (0..33).map(cid).collect();
        many.sort_unstable();
        many
    };
    assert!(parse_node(&forge::node(&map([links(&many[..limits::TRIE_LEAF])]))).is_ok());
    for (what, node) in [
        ("no map", links_of(&[a])),
        ("no links", map([bitmap(1)])),
        ("no list", map([("l", Ipld::Link(a.to_ipld()))])),
        ("no link", map([("l", Ipld::List(vec![Ipld::Null]))])),
        ("out of order", map([links(&[b, a])])),
        ("one block twice", map([links(&[a, a])])),
        ("33 blocks", map([links(&many)])),
        ("a node in a leaf", map([links(&[a, x])])),
        ("a block in an inner node", map([bitmap(1), links(&[a])])),
        ("no children", map([bitmap(0), links(&[])])),
        ("more children than links", map([bitmap(0b11), links(&[x])])),
        ("more links than children", map([bitmap(1), links(&[x, y])])),
        ("one node twice", map([bitmap(0b11), links(&[x, x])])),
        ("33 bits", map([bitmap(1 << 32), links(&[x])])),
        ("negative", map([bitmap(-1), links(&[x])])),
    ] {
        match parse_node(&forge::node(&node)) {
            Ok(links) => panic!("{what}: {links:?}"),
            Err(error) => assert_eq!(error.code(), Code::Malformed, "{what}: {error}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn p08_the_shape_depends_on_the_set_alone(
        (set, shuffled, cut) in prop::collection::btree_set(0..400_u32, 0..200).prop_flat_map(|set| {
            let list: Vec<u32> = set.iter().copied().collect();
            let count = list.len();
            (Just(set), Just(list).prop_shuffle(), 0..=count)
        }),
    ) {
        let (root, sorted) = sealed(set.iter().copied().map(cid));
        let mut keep = Keep::new();
        for (at, n) in shuffled.into_iter().enumerate() {
            if at == cut {
                keep.seal().unwrap();
            }
            prop_assert!(keep.insert(cid(n)));
        }
        prop_assert_eq!(keep.seal().unwrap(), root);
        prop_assert_eq!(keep.blocks(), sorted.blocks());
    }

    #[test]
    fn p08_a_recursive_pin_holds_what_was_put_in(set in prop::collection::btree_set(0..2_000_u32, 0..300)) {
        let (root, keep) = sealed(set.iter().copied().map(cid));
        let (nodes, kept) = pinned(root, &keep);
        prop_assert_eq!(&kept, &set.into_iter().map(cid).collect());
        prop_assert_eq!(kept.into_iter().collect::<Vec<_>>(), keep.iter().copied().collect::<Vec<_>>());
        prop_assert_eq!(nodes.len(), keep.blocks().len());
    }

    #[test]
    fn p06_any_bytes_end_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_node(&Block::new(Codec::DagCbor, bytes));
    }
}

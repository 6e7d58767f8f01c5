use proptest::prelude::*;

use super::{Body, Key, Keyed, Path, Shape, Trie, child, chunk};
use crate::error::Error;
use crate::limits::{TRIE_DEPTH, TRIE_LEAF};
use crate::model::block::Block;
use crate::model::cid::Codec;

#[derive(Clone, Debug, PartialEq)]
struct Item(Key, u8);

impl Keyed for Item {
    fn key(&self) -> &Key {
        &self.0
    }
}

/// A key that begins with these bytes.
fn key(first: &[u8]) -> Key {
    let mut key = [0; 32];
    key.iter_mut().zip(first).for_each(|(out, byte)| *out = *byte);
    key
}

fn trie(keys: impl IntoIterator<Item = Key>) -> Trie<Item> {
    let mut trie = Trie::default();
    keys.into_iter().for_each(|key| assert!(trie.insert(Item(key, 0))));
    trie
}

/// As many keys as a leaf holds, and one more, under the children 1 and 3 of the root.
fn split() -> Trie<Item> {
    trie((0..=TRIE_LEAF).map(|n| key(&[if n % 2 == 0 { 1 << 3 } else { 3 << 3 }, u8::try_from(n).unwrap()])))
}

#[test]
fn a_chunk_is_five_bits_of_the_key() {
    let key: Key = std::array::from_fn(|at| u8::try_from(at * 37 % 256).unwrap() ^ 0xa5);
    let bit = |at: usize| key.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1);
    for depth in 0..=TRIE_DEPTH + 1 {
        let expected = (depth * 5..depth * 5 + 5).fold(0, |sum, at| sum * 2 + u8::from(bit(at)));
        assert_eq!(chunk(&key, depth), expected, "{depth}");
    }
}

#[test]
fn a_child_stands_among_those_that_exist() {
    let bitmap = 0b1010_0000_0000_0000_0000_0000_0000_1010;
    let at = |first: u8| child(bitmap, &key(&[first << 3]), 0);
    assert_eq!([1, 3, 29, 31].map(at), [Ok(0), Ok(1), Ok(2), Ok(3)]);
    assert_eq!(
        [0, 2, 30].map(at),
        [Err((1, 0)), Err((4, 1)), Err((1 << 30, 3))],
        "its bit, and where it would be"
    );
}

#[test]
fn a_key_is_found_where_it_is_and_nowhere_else() {
    let mut trie = split();
    assert_eq!(trie.len(), TRIE_LEAF + 1);
    for item in trie.iter() {
        assert_eq!(trie.get(item.key()), Some(item));
    }
    // Beside a child that is there: before, between and behind, and the same bits one level further down.
    for absent in [[0, 0], [2 << 3, 0], [4 << 3, 1], [31 << 3, 0], [1 << 3, 0xff], [3 << 3, 0]] {
        assert_eq!(trie.get(&key(&absent)), None, "{absent:?}");
    }
    assert!(!trie.insert(Item(key(&[1 << 3, 0]), 0)), "the very same");
    assert!(trie.insert(Item(key(&[1 << 3, 0]), 1)), "in its place");
    assert_eq!(
        (trie.len(), trie.get(&key(&[1 << 3, 0]))),
        (TRIE_LEAF + 1, Some(&Item(key(&[1 << 3, 0]), 1)))
    );
}

#[test]
fn a_leaf_splits_when_it_is_full_and_not_before() {
    let full = trie((0..TRIE_LEAF).map(|n| key(&[u8::try_from(n).unwrap() << 3])));
    assert!(matches!(&full.root.body, Body::Leaf(items) if items.len() == TRIE_LEAF));
    let Body::Inner { bitmap, children } = split().root.body else { panic!("one leaf") };
    assert_eq!((bitmap, children.len()), (1 << 1 | 1 << 3, 2));
}

#[test]
fn keys_that_differ_in_their_last_bits_split_at_the_last_level() {
    let mut last = [7; 32];
    let trie = trie((0..=TRIE_LEAF).map(|n| {
        last[31] = u8::try_from(n).unwrap();
        last
    }));
    // Bits 250 to 254 make the children of the deepest inner node, and each holds two keys that differ in bit 255.
    let mut node = &trie.root;
    let mut depth = 0;
    while let Body::Inner { children, .. } = &node.body {
        node = children.first().unwrap();
        depth += 1;
    }
    assert!(matches!(&node.body, Body::Leaf(items) if items.len() == 2));
    assert_eq!(depth, TRIE_DEPTH);
    assert_eq!(trie.iter().count(), TRIE_LEAF + 1);
    assert!(trie.iter().all(|item| trie.get(item.key()) == Some(item)));
}

#[test]
fn only_what_was_touched_is_made_again() {
    let mut trie = split();
    let made = |trie: &mut Trie<Item>| {
        let mut shapes = Vec::new();
        let root = trie.seal(&mut |shape| -> Result<Block, Error> {
            let text = match shape {
                Shape::Leaf(items) => format!("{items:?}"),
                Shape::Inner { bitmap, links } => format!("{bitmap} {links:?}"),
            };
            shapes.push(text.clone());
            Ok(Block::new(Codec::Raw, text))
        });
        (root.unwrap(), shapes.len())
    };
    let (root, count) = made(&mut trie);
    assert_eq!((count, trie.blocks().count()), (3, 3), "two leaves, then the root");
    assert_eq!(trie.blocks().next().unwrap().cid(), &root, "root first");
    assert_eq!(made(&mut trie), (root, 0));
    trie.insert(Item(key(&[1 << 3, 0]), 0));
    assert_eq!(made(&mut trie), (root, 0), "the very same item touches nothing");
    trie.insert(Item(key(&[1 << 3, 0]), 1));
    assert_eq!(trie.blocks().count(), 1, "the other leaf");
    let (changed, count) = made(&mut trie);
    assert!(changed != root && count == 2, "one leaf, and the root");
}

#[test]
fn children_stand_one_level_deeper_in_order() {
    let children: Vec<Path> = Path::ROOT.children(1 << 31 | 1 << 4 | 1).collect();
    let firsts: Vec<u8> = children.iter().map(|path| path.chunks[0]).collect();
    assert_eq!(firsts, [0, 4, 31]);
    assert!(children.iter().all(|path| path.depth() == 1));
    let grandchildren: Vec<Path> = children[1].children(1 << 9).collect();
    assert_eq!(
        grandchildren.iter().map(|path| (path.depth(), path.chunks[..3].to_vec())).collect::<Vec<_>>(),
        [(2, vec![4, 9, 0])]
    );
    assert!(children[2] < grandchildren[0], "breadth first");
    let last = (0..TRIE_DEPTH).fold(Path::ROOT, |path, _| path.children(1).next().unwrap());
    assert_eq!((last.depth(), last.children(u32::MAX).count()), (TRIE_DEPTH, 0));
}

proptest! {
    #[test]
    fn a_path_holds_the_keys_that_lead_there(key in any::<Key>(), other in any::<Key>(), depth in 0..=TRIE_DEPTH) {
        let path = (0..depth)
            .fold(Path::ROOT, |path, level| path.children(1 << chunk(&key, level)).next().unwrap());
        prop_assert!(path.holds(&key));
        let same = (0..depth).all(|level| chunk(&key, level) == chunk(&other, level));
        prop_assert_eq!(path.holds(&other), same);
    }
}

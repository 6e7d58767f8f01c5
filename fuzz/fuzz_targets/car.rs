#![no_main]
//! Any bytes as a CAR, in chunks, against the root that its first section names.

use libfuzzer_sys::fuzz_target;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::car::{CarBounds, CarReader, CarWriter};
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};

const BOUNDS: CarBounds = CarBounds { blocks: 64, bytes: 1 << 20 };

fn read(root: Cid, bytes: &[u8], step: usize) -> Option<(usize, Vec<Cid>)> {
    let mut reader = CarReader::new(root, BOUNDS);
    let mut yielded = 0;
    for chunk in bytes.chunks(step) {
        for block in reader.push(chunk).ok()? {
            assert_eq!(Cid::of(block.cid().codec(), block.bytes()), *block.cid());
            yielded += 1;
        }
    }
    let summary = reader.finish().ok()?;
    assert_eq!(summary.blocks, yielded);
    Some((yielded, summary.missing))
}

fuzz_target!(|data: &[u8]| {
    let Some((step, data)) = data.split_first() else { return };
    let step = usize::from(*step) + 1;
    read(Cid::of(Codec::Raw, b""), data, step);
    // Behind a good header and a root that is there, so that links and later sections are reached.
    let (node, rest) = data.split_at(data.len().min(step));
    let root = Block::new(Codec::DagCbor, node.to_vec());
    let mut writer = CarWriter::new(root.cid());
    writer.push(&root);
    let bytes = [&writer.finish(), rest].concat();
    assert_eq!(read(*root.cid(), &bytes, step), read(*root.cid(), &bytes, usize::MAX));
});

#![no_main]
//! Any bytes as a CAR, in chunks, against the root that its first section names. What is read here another implementation reads too.

use libfuzzer_sys::fuzz_target;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::car::{CarBounds, CarReader, CarWriter};
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};

const BOUNDS: CarBounds = CarBounds { blocks: 64, bytes: 1 << 20 };

fn read(root: Cid, bytes: &[u8], step: usize) -> Option<(usize, Vec<Cid>)> {
    let mut reader = CarReader::new(root, BOUNDS);
    let mut yielded = Vec::new();
    for chunk in bytes.chunks(step) {
        for block in reader.push(chunk).ok()? {
            assert_eq!(Cid::of(block.cid().codec(), block.bytes()), *block.cid());
            yielded.push((block.cid().to_bytes().to_vec(), block.bytes().to_vec()));
        }
    }
    let summary = reader.finish().ok()?;
    assert_eq!(summary.blocks, yielded.len());
    second_opinion(bytes, &yielded);
    Some((yielded.len(), summary.missing))
}

/// Every block is among the sections that another implementation finds.
fn second_opinion(bytes: &[u8], yielded: &[(Vec<u8>, Vec<u8>)]) {
    let sections = futures_executor::block_on(async {
        let mut reader = iroh_car::CarReader::new(bytes).await?;
        let mut found = std::collections::HashSet::new();
        while let Some((cid, data)) = reader.next_block().await? {
            found.insert((cid.to_bytes(), data));
        }
        Ok::<_, iroh_car::Error>(found)
    });
    let sections = sections.expect("read by the other implementation");
    assert!(yielded.iter().all(|block| sections.contains(block)), "a block that the other does not find");
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

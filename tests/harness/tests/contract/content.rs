//! Blocks and graphs over the RPC.

use std::time::Duration;

use crate::made::{Made, car, leaf, node, tree};
use crate::target::{Target, hangs, send};
use crate::{Check, checks};

pub const CHECKS: &[Check] = checks![
    pinned_import_answers_with_its_root,
    unpinned_import_answers_with_nothing,
    broken_imports_fail,
    import_takes_several_roots_and_foreign_order,
    held_block_is_told_and_given,
    missing_block_has_words_offline,
    block_of_another_node_is_fetched_and_kept,
    block_put_computes_the_cid,
    block_size_limit_is_inclusive,
    whole_graph_is_counted,
    graph_with_a_hole_is_told_offline,
    export_is_a_car_in_depth_first_order,
    calls_without_arguments_are_usage_errors,
];

/// Checks that wait for a timeout.
pub const WAITING: &[Check] = checks![
    import_with_a_missing_child_tells_it_in_the_pin_error,
    import_with_a_missing_child_hangs_without_a_timeout,
    missing_block_hangs_online,
];

const SECOND: Duration = Duration::from_secs(1);
const IMPORT: &str = "dag/import?stats=false&pin-roots=true";
const JSON: &str = "application/json";

async fn held(target: &Target, i: usize, block: &Made) -> bool {
    target.rpc(i, &format!("block/stat?arg={}&offline=true", block.cid)).await.status == 200
}

async fn pinned_import_answers_with_its_root(target: &Target) {
    let [root, left, right] = tree("import pinned");
    let answer = target.upload(0, IMPORT, &car(&[&root, &left, &right])).await;
    let json = answer.is(200, JSON).json();
    assert_eq!(json["Root"]["Cid"]["/"], root.cid.to_string());
    assert_eq!(json["Root"]["PinErrorMsg"], "");
    let pinned = target.rpc(0, &format!("pin/ls?arg={}", root.cid)).await;
    assert_eq!(pinned.is(200, JSON).json()["Keys"][root.cid.to_string()]["Type"], "recursive");
}

async fn unpinned_import_answers_with_nothing(target: &Target) {
    let [root, left, right] = tree("import unpinned");
    target.import(0, &car(&[&root, &left, &right])).await;
    assert!(held(target, 0, &right).await);
    target.rpc(0, &format!("pin/ls?arg={}", root.cid)).await.is_rpc_error("is not pinned");
}

async fn broken_imports_fail(target: &Target) {
    let [root, left, right] = tree("import broken");
    let whole = car(&[&root, &left, &right]);
    let call = format!("{IMPORT}&timeout=1s");
    target.upload(0, &call, &whole[..whole.len() - 3]).await.is_rpc_error("unexpected EOF");
    let lie = Made { bytes: b"other bytes".to_vec(), ..right.clone() };
    let answer = target.upload(0, &call, &car(&[&root, &left, &lie])).await;
    answer.is_rpc_error("mismatch in content integrity");
    target.upload(0, &call, b"nonsense").await.is_rpc_error("unexpected EOF");
    // Which of the blocks before the break stay depends on the machine.
    assert!(!held(target, 0, &right).await);
}

async fn import_takes_several_roots_and_foreign_order(target: &Target) {
    let [root, left, right] = tree("import foreign");
    let stranger = leaf("import foreign stranger");
    // The leaf stands first, as root; the tree's own root is a mere block.
    target.import(0, &car(&[&stranger, &right, &left, &root])).await;
    for block in [&root, &left, &right, &stranger] {
        assert!(held(target, 0, block).await);
    }
}

async fn held_block_is_told_and_given(target: &Target) {
    let [root, left, right] = tree("block held");
    target.import(0, &car(&[&root, &left, &right])).await;
    for block in [&root, &left] {
        for offline in ["&offline=true", ""] {
            let json =
                target.rpc(0, &format!("block/stat?arg={}{offline}", block.cid)).await.is(200, JSON).json();
            assert_eq!(json["Key"], block.cid.to_string());
            assert_eq!(json["Size"], block.bytes.len());
            let answer = target.rpc(0, &format!("block/get?arg={}{offline}", block.cid)).await;
            assert_eq!(answer.is(200, "application/vnd.ipld.raw").body, block.bytes);
        }
    }
}

async fn missing_block_has_words_offline(target: &Target) {
    let cid = leaf("block nowhere").cid;
    for verb in ["stat", "get"] {
        let answer = target.rpc(0, &format!("block/{verb}?arg={cid}&offline=true")).await;
        answer.is_rpc_error("block was not found locally");
    }
}

async fn block_of_another_node_is_fetched_and_kept(target: &Target) {
    let [root, left, right] = tree("block elsewhere");
    target.import(1, &car(&[&root, &left, &right])).await;
    assert!(!held(target, 0, &left).await);
    let answer = target.rpc(0, &format!("block/get?arg={}&timeout=5s", left.cid)).await;
    assert_eq!(answer.is(200, "application/vnd.ipld.raw").body, left.bytes);
    assert!(held(target, 0, &left).await);
    assert!(!held(target, 0, &right).await);
    target.rpc(0, &format!("pin/ls?arg={}", left.cid)).await.is_rpc_error("is not pinned");
}

async fn block_put_computes_the_cid(target: &Target) {
    // Neither the codec nor the children are looked at, pinned or not.
    let orphan = node(&[&leaf("block put nowhere")]);
    for pin in [false, true] {
        let call = format!("block/put?cid-codec=dag-cbor&mhtype=sha2-256&pin={pin}");
        let json = target.upload(0, &call, &orphan.bytes).await.is(200, JSON).json();
        assert_eq!(json["Key"], orphan.cid.to_string());
        assert_eq!(json["Size"], orphan.bytes.len());
    }
    target.rpc(0, &format!("pin/rm?arg={}", orphan.cid)).await.is(200, JSON);
    let leaf = leaf("block put leaf");
    let json =
        target.upload(0, "block/put?cid-codec=raw&mhtype=sha2-256", &leaf.bytes).await.is(200, JSON).json();
    assert_eq!(json["Key"], leaf.cid.to_string());
}

async fn block_size_limit_is_inclusive(target: &Target) {
    let call = "block/put?cid-codec=raw&mhtype=sha2-256";
    let most = vec![b'x'; 2 * 1024 * 1024];
    target.upload(0, call, &most).await.is(200, JSON);
    target
        .upload(0, call, &[most.as_slice(), b"x"].concat())
        .await
        .is_rpc_error("produced block is over 2MiB");
}

async fn whole_graph_is_counted(target: &Target) {
    let [root, left, right] = tree("stat whole");
    target.import(0, &car(&[&root, &left, &right])).await;
    let call = format!("dag/stat?arg={}&offline=true&progress=false", root.cid);
    let json = target.rpc(0, &call).await.is(200, JSON).json();
    let stat = &json["DagStats"][0];
    assert_eq!(stat["Cid"], root.cid.to_string());
    assert_eq!(stat["NumBlocks"], 3);
    assert_eq!(stat["Size"], root.bytes.len() + left.bytes.len() + right.bytes.len());
}

async fn graph_with_a_hole_is_told_offline(target: &Target) {
    let [root, left, right] = tree("stat hole");
    target.import(0, &car(&[&root, &left])).await;
    let stat = |cid| format!("dag/stat?arg={cid}&offline=true&progress=false");
    let answer = target.rpc(0, &stat(root.cid)).await;
    answer.is_rpc_error("block was not found locally (offline)");
    answer.says(&right.cid.to_string());
    target.rpc(0, &stat(right.cid)).await.is_rpc_error("block was not found locally (offline)");
}

async fn export_is_a_car_in_depth_first_order(target: &Target) {
    let [root, left, right] = tree("export");
    // Uploaded in another order than it comes back in.
    target.import(0, &car(&[&right, &left, &root])).await;
    let answer = target.rpc(0, &format!("dag/export?arg={}&progress=false", root.cid)).await;
    assert_eq!(answer.is(200, "application/vnd.ipld.car").body, car(&[&root, &left, &right]));
    let missing = leaf("export nowhere").cid;
    let answer = target.rpc(0, &format!("dag/export?arg={missing}&offline=true")).await;
    answer.is_rpc_error("block was not found locally");
}

async fn calls_without_arguments_are_usage_errors(target: &Target) {
    target.rpc(0, "block/stat").await.is_text(400, "argument \"cid\" is required");
    target.rpc(0, IMPORT).await.is_text(400, "file argument 'path' is required");
    let answer = target.rpc(0, &format!("block/stat?arg={}&offline=maybe", leaf("usage").cid)).await;
    answer.is_text(400, "could not convert value");
}

async fn import_with_a_missing_child_tells_it_in_the_pin_error(target: &Target) {
    let [root, left, _] = tree("import child told");
    let answer = target.upload(0, &format!("{IMPORT}&timeout=1s"), &car(&[&root, &left])).await;
    let json = answer.is_after(SECOND, 200, JSON).json();
    assert_eq!(json["Root"]["Cid"]["/"], root.cid.to_string());
    assert_eq!(json["Root"]["PinErrorMsg"], "context deadline exceeded");
}

async fn import_with_a_missing_child_hangs_without_a_timeout(target: &Target) {
    let [root, left, _] = tree("import child hangs");
    hangs(target.upload_request(0, IMPORT, &car(&[&root, &left]))).await;
}

async fn missing_block_hangs_online(target: &Target) {
    let cid = leaf("block nowhere online").cid;
    for verb in ["stat", "get"] {
        hangs(target.rpc_request(0, &format!("block/{verb}?arg={cid}"))).await;
        let answer =
            send(target.rpc_request(0, &format!("block/{verb}?arg={cid}&timeout=1s"))).await.unwrap();
        answer.is_rpc_error_after(SECOND, "context deadline exceeded");
    }
}

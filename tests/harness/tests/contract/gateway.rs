//! The gateway: records, blocks and CARs for anyone.

use reqwest::Method;

use crate::made::{FAR, Key, Made, car, leaf, some_value, tree};
use crate::target::{Target, send};
use crate::{Check, GATEWAY_WAIT, checks};

pub const CHECKS: &[Check] = checks![
    record_comes_with_the_hash_of_its_bytes_as_tag,
    record_of_another_node_is_found,
    missing_record_is_a_500_with_words,
    other_forms_of_a_name_are_redirected,
    record_below_a_name_is_refused,
    name_leads_to_its_root,
    name_with_a_ttl_stays_stale,
    block_is_immutable_and_tagged,
    car_is_in_depth_first_order,
    scope_of_a_car_can_be_one_block,
    only_if_cached_tells_what_is_here,
    empty_identity_block_shows_a_gateway,
    wrong_paths_and_methods_are_told,
    other_formats_are_refused_or_ignored,
    content_of_another_node_is_fetched,
];

/// Checks that wait for the gateway to give up.
pub const WAITING: &[Check] = checks![missing_block_is_a_504, car_with_a_missing_block_is_cut];

const RECORD: &str = "application/vnd.ipfs.ipns-record";
const RAW: &str = "application/vnd.ipld.raw";
const CAR: &str = "application/vnd.ipld.car; version=1; order=dfs; dups=n";

async fn imported(target: &Target, i: usize, seed: &str) -> [Made; 3] {
    let blocks = tree(seed);
    target.import(i, &car(&blocks.each_ref())).await;
    blocks
}

/// Bits of a tag in base 32 with the digits `0–9a–v`, to compare it with the hash in base 16.
fn hex_of_base32(tag: &str) -> String {
    let digits = "0123456789abcdefghijklmnopqrstuv";
    let number = tag.chars().fold(0_u128, |sum, c| sum * 32 + digits.find(c).unwrap() as u128);
    format!("{:x}", u64::try_from(number).unwrap())
}

async fn record_comes_with_the_hash_of_its_bytes_as_tag(target: &Target) {
    let key = Key::of("gateway record");
    let raw = key.record(&some_value(), 1, FAR);
    target.store(0, &key.k51(), &raw).await;
    let path = format!("/ipns/{}?format=ipns-record", key.k51());
    let got = target.get(0, &path).await;
    assert_eq!(got.is(200, RECORD).body, raw);
    assert_eq!(got.header("cache-control"), "public, max-age=0");
    let tag = got.header("etag");
    // The other surface shows the same hash, quoted and in base 16.
    let routing = target.get(0, &format!("/routing/v1/ipns/{}", key.k51())).await;
    assert_eq!(routing.header("etag"), format!("\"{}\"", hex_of_base32(tag)));
    let head = target.head(0, &path).await;
    head.is(200, RECORD);
    assert_eq!((head.header("etag"), head.header("content-length")), (tag, raw.len().to_string().as_str()));
    let condition = target.gateway(Method::GET, 0, &path).header("if-none-match", tag);
    assert_eq!(send(condition).await.unwrap().status, 200, "no condition is ever met");
    let newer = key.record(&some_value(), 2, FAR);
    target.store(0, &key.k51(), &newer).await;
    assert_ne!(target.head(0, &path).await.header("etag"), tag);
    let accept = target.gateway(Method::GET, 0, &format!("/ipns/{}", key.k51())).header("accept", RECORD);
    assert_eq!(send(accept).await.unwrap().is(200, RECORD).body, newer);
}

async fn record_of_another_node_is_found(target: &Target) {
    let key = Key::of("gateway elsewhere");
    let raw = key.record(&some_value(), 1, FAR);
    target.store(1, &key.k51(), &raw).await;
    let answer = target.get(0, &format!("/ipns/{}?format=ipns-record", key.k51())).await;
    if target.shares_offline_puts() {
        assert_eq!(answer.is(200, RECORD).body, raw);
    } else {
        answer.is_text(500, "routing: not found");
    }
}

async fn missing_record_is_a_500_with_words(target: &Target) {
    let name = Key::of("gateway missing").k51();
    let path = format!("/ipns/{name}?format=ipns-record");
    target.get(0, &path).await.is_text(500, "routing: not found");
    assert_eq!(target.head(0, &path).await.status, 500);
    for format in ["raw", "car"] {
        let answer = target.get(0, &format!("/ipns/{name}?format={format}")).await;
        answer.is_text(500, "could not resolve name");
    }
}

async fn other_forms_of_a_name_are_redirected(target: &Target) {
    let key = Key::of("gateway forms");
    for form in [key.base32(), key.name().peer_id()] {
        let answer = target.get(0, &format!("/ipns/{form}?format=ipns-record")).await;
        assert_eq!(answer.status, 302);
        assert_eq!(answer.header("location"), format!("/ipns/{}?format=ipns-record", key.k51()));
    }
}

async fn record_below_a_name_is_refused(target: &Target) {
    let key = Key::of("gateway below");
    target.store(0, &key.k51(), &key.record(&some_value(), 1, FAR)).await;
    let answer = target.get(0, &format!("/ipns/{}/x?format=ipns-record", key.k51())).await;
    answer.is_text(400, "cannot find ipns key for subpath");
}

async fn name_leads_to_its_root(target: &Target) {
    let [root, left, right] = imported(target, 0, "gateway name").await;
    let key = Key::of("gateway name");
    target.store(0, &key.k51(), &key.record(&format!("/ipfs/{}", root.cid), 1, FAR)).await;
    let path = format!("/ipns/{}", key.k51());
    let raw = target.get(0, &format!("{path}?format=raw")).await;
    assert_eq!(raw.is(200, RAW).body, root.bytes);
    assert_eq!(raw.header("x-ipfs-roots"), root.cid.to_string());
    assert_eq!(raw.header("x-ipfs-path"), path);
    assert_eq!(raw.header("etag"), format!("\"{}.raw\"", root.cid));
    assert_eq!(raw.header("cache-control"), "");
    let again = target.gateway(Method::GET, 0, &format!("{path}?format=raw"));
    assert_eq!(send(again.header("if-none-match", raw.header("etag"))).await.unwrap().status, 304);
    let whole = target.get(0, &format!("{path}?format=car")).await;
    assert_eq!(whole.is(200, CAR).body, car(&[&root, &left, &right]));
    assert_eq!(whole.header("x-ipfs-roots"), root.cid.to_string());
    assert!(whole.header("etag").starts_with(&format!("W/\"{}.car.", root.cid)));
    // TTL 0: a newer record shows at once.
    target.store(0, &key.k51(), &key.record(&format!("/ipfs/{}", left.cid), 2, FAR)).await;
    assert_eq!(target.get(0, &format!("{path}?format=raw")).await.is(200, RAW).body, left.bytes);
}

async fn name_with_a_ttl_stays_stale(target: &Target) {
    let [root, left, _] = imported(target, 0, "gateway ttl").await;
    let key = Key::of("gateway ttl");
    let path = format!("/ipns/{}?format=raw", key.k51());
    let minute_ns = 60_000_000_000;
    let old = key.record_with_ttl(&format!("/ipfs/{}", root.cid), 1, FAR, minute_ns);
    target.store(0, &key.k51(), &old).await;
    assert_eq!(target.get(0, &path).await.is(200, RAW).body, root.bytes);
    let new = key.record_with_ttl(&format!("/ipfs/{}", left.cid), 2, FAR, minute_ns);
    target.store(0, &key.k51(), &new).await;
    assert_eq!(target.get(0, &path).await.is(200, RAW).body, root.bytes, "content stays old for one TTL");
    let record = target.get(0, &format!("/ipns/{}?format=ipns-record", key.k51())).await;
    assert_eq!(record.is(200, RECORD).body, new, "the record does not");
    assert_eq!(record.header("cache-control"), "public, max-age=60");
}

async fn block_is_immutable_and_tagged(target: &Target) {
    let [root, left, _] = imported(target, 0, "gateway block").await;
    for block in [&root, &left] {
        let path = format!("/ipfs/{}?format=raw", block.cid);
        let got = target.get(0, &path).await;
        assert_eq!(got.is(200, RAW).body, block.bytes);
        assert!(got.header("cache-control").contains("immutable"));
        assert_eq!(got.header("etag"), format!("\"{}.raw\"", block.cid));
        assert_eq!(got.header("x-ipfs-roots"), block.cid.to_string());
        let head = target.head(0, &path).await;
        assert_eq!(head.is(200, RAW).header("content-length"), block.bytes.len().to_string());
        let condition = target.gateway(Method::GET, 0, &path).header("if-none-match", got.header("etag"));
        assert_eq!(send(condition).await.unwrap().status, 304);
    }
    let accept = target.gateway(Method::GET, 0, &format!("/ipfs/{}", root.cid)).header("accept", RAW);
    assert_eq!(send(accept).await.unwrap().is(200, RAW).body, root.bytes);
}

async fn car_is_in_depth_first_order(target: &Target) {
    let [root, left, right] = imported(target, 0, "gateway car").await;
    let path = format!("/ipfs/{}?format=car", root.cid);
    let got = target.get(0, &path).await;
    assert_eq!(got.is(200, CAR).body, car(&[&root, &left, &right]));
    let condition = target.gateway(Method::GET, 0, &path).header("if-none-match", got.header("etag"));
    assert_eq!(send(condition).await.unwrap().status, 304);
}

async fn scope_of_a_car_can_be_one_block(target: &Target) {
    let [root, ..] = imported(target, 0, "gateway scope").await;
    let path = format!("/ipfs/{}?format=car", root.cid);
    let one = target.get(0, &format!("{path}&dag-scope=block")).await;
    assert_eq!(one.is(200, CAR).body, car(&[&root]));
    target.get(0, &format!("{path}&dag-scope=bogus")).await.is_text(400, "unsupported");
}

async fn only_if_cached_tells_what_is_here(target: &Target) {
    let [root, ..] = imported(target, 0, "gateway cached").await;
    let ask = |method: Method, i: usize, path: String| {
        send(target.gateway(method, i, &path).header("cache-control", "only-if-cached"))
    };
    let nowhere = leaf("gateway cached nowhere").cid;
    for format in ["raw", "car"] {
        let path = |cid| format!("/ipfs/{cid}?format={format}");
        assert_eq!(ask(Method::HEAD, 0, path(root.cid)).await.unwrap().status, 200);
        assert_eq!(ask(Method::HEAD, 0, path(nowhere)).await.unwrap().status, 412);
        assert_eq!(ask(Method::HEAD, 1, path(root.cid)).await.unwrap().status, 412, "held elsewhere only");
    }
    let path = |cid| format!("/ipfs/{cid}?format=raw");
    ask(Method::GET, 0, path(nowhere)).await.unwrap().is_text(412, "not in local datastore");
    assert_eq!(ask(Method::GET, 0, path(root.cid)).await.unwrap().is(200, RAW).body, root.bytes);
}

async fn empty_identity_block_shows_a_gateway(target: &Target) {
    assert_eq!(target.get(0, "/ipfs/bafkqaaa?format=raw").await.is(200, RAW).body, b"");
}

async fn wrong_paths_and_methods_are_told(target: &Target) {
    target.get(0, "/ipfs/nonsense?format=raw").await.is_text(400, "invalid path");
    target.get(0, "/elsewhere").await.is_text(404, "404 page not found");
    let post = target.gateway(Method::POST, 0, "/ipfs/bafkqaaa?format=raw");
    send(post).await.unwrap().is_text(405, "read only access");
    let rpc = target.gateway(Method::POST, 0, "/api/v0/version");
    send(rpc).await.unwrap().is_text(404, "404 page not found");
}

async fn other_formats_are_refused_or_ignored(target: &Target) {
    let [root, ..] = imported(target, 0, "gateway formats").await;
    let path = format!("/ipfs/{}?format", root.cid);
    target.get(0, &format!("{path}=dag-json")).await.is_text(406, "codec conversion is not supported");
    target.get(0, &format!("{path}=json")).await.is_text(400, "not supported");
    let ignored = target.get(0, &format!("{path}=bogus")).await;
    assert_eq!(ignored.is(200, "application/vnd.ipld.dag-cbor").body, root.bytes);
}

async fn content_of_another_node_is_fetched(target: &Target) {
    let [root, left, right] = imported(target, 1, "gateway fetch").await;
    let got = target.get(0, &format!("/ipfs/{}?format=car", root.cid)).await;
    assert_eq!(got.is(200, CAR).body, car(&[&root, &left, &right]));
}

async fn missing_block_is_a_504(target: &Target) {
    let cid = leaf("gateway nowhere").cid;
    let answer = target.get(0, &format!("/ipfs/{cid}?format=raw")).await;
    answer
        .is_after(GATEWAY_WAIT, 504, "text/plain; charset=utf-8")
        .says("Unable to retrieve content within timeout");
}

async fn car_with_a_missing_block_is_cut(target: &Target) {
    let [root, left, _] = tree("gateway hole");
    target.import(0, &car(&[&root, &left])).await;
    let request = target.gateway(Method::GET, 0, &format!("/ipfs/{}?format=car", root.cid));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200, "said before the end is known");
    assert!(response.bytes().await.is_err(), "a complete body");
}

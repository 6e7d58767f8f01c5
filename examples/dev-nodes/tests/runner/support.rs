//! Plain HTTP to embedded nodes, and things to store on them.
#![allow(dead_code)]

use dev_nodes::DevNode;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Response};
use tauri_plugin_wallet_sync::Secret;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::Codec;
use tauri_plugin_wallet_sync::model::identity::{Name, Slot, SlotKey, WalletKeys};
use tauri_plugin_wallet_sync::model::record::Record;

/// The year 2100.
const FAR: i64 = 4_102_444_800_000;

pub fn client() -> Client {
    // A second installation, by another test of the process, changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().unwrap()
}

pub fn key() -> SlotKey {
    WalletKeys::derive(&Secret::new([7; 32]), None).slot(Slot::ZERO)
}

pub fn name() -> Name {
    key().name()
}

pub fn record(sequence: u64) -> Vec<u8> {
    let root = Block::new(Codec::DagCbor, vec![0x80]);
    Record::create(&key(), sequence, root.cid(), FAR, &[]).unwrap().raw().to_vec()
}

pub fn block(len_bytes: usize) -> Block {
    Block::new(Codec::Raw, vec![b'x'; len_bytes])
}

pub async fn rpc(node: &DevNode, command: &str) -> reqwest::Result<Response> {
    client().post(format!("{}/api/v0/{command}", node.api_url())).send().await
}

pub async fn upload(node: &DevNode, command: &str, file: Vec<u8>) -> Response {
    let form = Form::new().part("file", Part::bytes(file).file_name("f"));
    client().post(format!("{}/api/v0/{command}", node.api_url())).multipart(form).send().await.unwrap()
}

/// Stores a record on this node only; gives the status.
pub async fn put(node: &DevNode, raw: Vec<u8>) -> u16 {
    let name = name().k51();
    upload(node, &format!("routing/put?arg=/ipns/{name}&offline=true"), raw).await.status().as_u16()
}

/// The record an offline read shows.
pub async fn shown(node: &DevNode) -> Option<Vec<u8>> {
    let answer = rpc(node, &format!("name/get?arg={}&offline=true", name().k51())).await.unwrap();
    if answer.status() == 200 { Some(answer.bytes().await.unwrap().to_vec()) } else { None }
}

pub async fn put_block(node: &DevNode, block: &Block) -> u16 {
    upload(node, "block/put?cid-codec=raw&mhtype=sha2-256&pin=true", block.bytes().to_vec())
        .await
        .status()
        .as_u16()
}

pub async fn get_raw(node: &DevNode, block: &Block) -> reqwest::Result<Response> {
    client().get(format!("{}/ipfs/{}?format=raw", node.gateway_url(), block.cid())).send().await
}

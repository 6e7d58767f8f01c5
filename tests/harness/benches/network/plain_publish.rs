//! What a publish asks of five nodes, as plain requests: the same three steps on each, nothing checked, nothing remembered.

use std::time::Instant;

use futures_util::future::{join, join_all, join3};
use reqwest::Client;
use reqwest::multipart::{Form, Part};
use tauri_plugin_wallet_sync::model::cid::Cid;

use super::made::{FAR, Key, Made, car, leaf, node};
use super::{client, noise, url};

/// Nodes that have to have ended, as for `verified`.
const ENOUGH: usize = 2;
const NODES: usize = 5;

/// A wallet that is published by hand.
pub struct Plain {
    nodes: String,
    key: Key,
    beacons: [Made; 2],
    root: Option<Cid>,
    sequence: u64,
}

/// Blocks, record and name of one edition.
struct Edition {
    root: Cid,
    car: Vec<u8>,
    payload: Cid,
    record: Vec<u8>,
    beacon: Cid,
    label: String,
}

impl Plain {
    pub fn new(nodes: &str, seed: &str) -> Self {
        let beacons = [0, 1].map(|place| leaf(&format!("{seed} beacon {place}")));
        Self { nodes: nodes.to_owned(), key: Key::of(seed), beacons, root: None, sequence: 0 }
    }

    /// Publishes one token of 2,000 bytes; milliseconds until enough nodes were read back.
    pub async fn publish(&mut self, client: &Client) -> f64 {
        self.sequence += 1;
        let edition = self.edition();
        let old = self.root.replace(edition.root);
        let (done, mut ended) = tokio::sync::mpsc::channel(NODES);
        let started = Instant::now();
        for at in 0..NODES {
            let lane = Lane::new(self, client, at);
            let work = lane.bring(&edition, old);
            let done = done.clone();
            tokio::spawn(async move {
                work.await;
                let _ = done.send(()).await;
            });
        }
        for _ in 0..ENOUGH {
            ended.recv().await.unwrap();
        }
        let ms = started.elapsed().as_secs_f64() * 1_000.0;
        // The next one begins when all have ended.
        for _ in ENOUGH..NODES {
            ended.recv().await.unwrap();
        }
        ms
    }

    fn edition(&self) -> Edition {
        let number = usize::try_from(self.sequence).unwrap();
        let payload = leaf(&noise(number, 2_000));
        let index = leaf(&format!("index {number} {}", noise(number + 7, 1_000)));
        let keep = node(&[&payload]);
        let root = node(&[&index, &keep]);
        let [first, second] = &self.beacons;
        let beacon = if number.is_multiple_of(2) { first } else { second };
        let blocks = [&root, &index, &keep, &payload, first, second];
        Edition {
            root: root.cid,
            car: car(&blocks),
            payload: payload.cid,
            record: self.key.record(&format!("/ipfs/{}", root.cid), self.sequence, FAR),
            beacon: beacon.cid,
            label: format!("edition-{number}"),
        }
    }
}

/// One node's part.
struct Lane {
    client: Client,
    api: String,
    name: String,
    beacons: [Cid; 2],
}

impl Lane {
    fn new(plain: &Plain, client: &Client, at: usize) -> Self {
        Self {
            client: client.clone(),
            api: url(&plain.nodes, at, "api"),
            name: plain.key.k51(),
            beacons: plain.beacons.each_ref().map(|made| made.cid),
        }
    }

    /// Blocks beside a reading of the name; then pin, record and beacon; then a look.
    fn bring(self, edition: &Edition, old: Option<Cid>) -> impl Future<Output = ()> + 'static {
        let Edition { root, payload, beacon, .. } = *edition;
        let (car, record, label) = (edition.car.clone(), edition.record.clone(), edition.label.clone());
        async move {
            join(self.send("dag/import?stats=false&pin-roots=false", car), self.read()).await;
            let pin = match old {
                Some(old) => format!("pin/update?arg={old}&arg={root}&unpin=false"),
                None => format!("pin/add?arg={root}&name={}&progress=true", self.name),
            };
            let put = format!("routing/put?arg=/ipns/{}&offline=true", self.name);
            let rename = format!("pin/add?arg={beacon}&name={label}");
            join3(self.send(&put, record), self.call(&pin), self.call(&rename)).await;
            let held = [
                format!("block/stat?arg={root}&offline=true"),
                format!("block/stat?arg={payload}&offline=true"),
                format!("block/get?arg={root}&offline=true"),
                format!("block/get?arg={payload}&offline=true"),
            ];
            join(self.read(), join_all(held.iter().map(|call| self.call(call)))).await;
        }
    }

    /// Record and beacons.
    async fn read(&self) {
        let names = self.beacons.map(|cid| format!("pin/ls?arg={cid}&type=recursive&names=true"));
        let record = format!("name/get?arg={}&offline=true", self.name);
        join(self.call(&record), join_all(names.iter().map(|call| self.call(call)))).await;
    }

    async fn call(&self, call: &str) {
        let answer = self.client.post(format!("{}/api/v0/{call}", self.api)).send().await.unwrap();
        answer.bytes().await.unwrap();
    }

    async fn send(&self, call: &str, file: Vec<u8>) {
        let form = Form::new().part("file", Part::bytes(file).file_name("f"));
        let request = self.client.post(format!("{}/api/v0/{call}", self.api)).multipart(form);
        request.send().await.unwrap().bytes().await.unwrap();
    }
}

/// A publish in a new process has no connection yet.
pub async fn fresh(plain: &mut Plain) -> f64 {
    plain.publish(&client()).await
}

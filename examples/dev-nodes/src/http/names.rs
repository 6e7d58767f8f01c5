//! `name/*` and `routing/*` of the RPC: records.

use axum::response::Response;
use data_encoding::BASE64;
use serde_json::json;

use super::call::Call;
use super::reply::{self, Refusal};
use crate::records::Own;

/// Media type of a record.
pub(super) const RECORD: &str = "application/vnd.ipfs.ipns-record";

pub(super) async fn name_get(call: &Call) -> Result<Response, Refusal> {
    Ok(reply::stream_of(RECORD, record(call, false, "name").await?))
}

pub(super) async fn routing_get(call: &Call) -> Result<Response, Refusal> {
    let raw = record(call, true, "key").await?;
    Ok(reply::json(&json!({"ID": "", "Type": 5, "Responses": null, "Extra": BASE64.encode(&raw)})))
}

async fn record(call: &Call, prefix_needed: bool, what: &str) -> Result<bytes::Bytes, Refusal> {
    let name = call.name(prefix_needed, what)?;
    let missing = || Refusal::rpc("routing: not found");
    if call.flag("offline", false)? {
        return match call.node.own_record(&name) {
            Own::Found(raw, _) => Ok(raw),
            Own::Expired => Err(Refusal::rpc("record is expired")),
            Own::Absent => Err(Refusal::rpc(call.node.dialect().absent())),
        };
    }
    let found = call.within(call.node.get_online(&name)).await.ok_or_else(Refusal::deadline)?;
    found.map(|(raw, _)| raw).ok_or_else(missing)
}

pub(super) async fn routing_put(call: &Call) -> Result<Response, Refusal> {
    let name = call.name(true, "key")?;
    let offline = call.flag("offline", false)?;
    let raw = call.file("value-file").await?;
    let checked = call.node.check_record(&name, &raw);
    if offline && !call.node.drops_records() {
        let record = checked.map_err(|reason| Refusal::rpc(call.node.dialect().bad(&reason)))?;
        call.node.put_offline(record).await.map_err(Refusal::rpc)?;
    } else if let Ok(record) = checked {
        // An online put says yes to whatever it refused, and when its time is over.
        let _ = call.within(call.node.put_online(record)).await;
    }
    Ok(reply::json(&json!({"ID": name.peer_id(), "Type": 5, "Responses": null, "Extra": ""})))
}

pub(super) async fn name_put(call: &Call) -> Result<Response, Refusal> {
    let name = call.name(false, "name")?;
    let offline = call.flag("offline", false)?;
    let raw = call.file("record").await?;
    let checked = call.node.check_record(&name, &raw).map(|record| record.path().unwrap_or_default());
    let value = if call.node.drops_records() {
        checked.unwrap_or_default()
    } else {
        let put = call.within(call.node.put_name(&name, raw, offline)).await;
        // A put whose time is over has stored the record on this node before it walked.
        put.unwrap_or(checked).map_err(Refusal::rpc)?
    };
    Ok(reply::json(&json!({"Name": name.k51(), "Value": value})))
}

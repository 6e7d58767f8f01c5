//! CAR version 1 as Kubo reads and writes it: any roots, any CIDs, every block in file order.

use bytes::Bytes;
use cid::Cid;
use ipld_core::ipld::Ipld;
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::cbor;

use crate::dag;

/// What a CAR held, as far as it could be read.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub roots: Vec<Cid>,
    pub blocks: Vec<(Cid, Bytes)>,
    /// Why reading stopped early, in Kubo's words.
    pub error: Option<String>,
}

/// Reads a CAR; what precedes an error is kept, as Kubo keeps it.
pub(crate) fn read(mut rest: Bytes) -> Contents {
    let mut contents = Contents::default();
    if let Err(error) = read_into(&mut rest, &mut contents) {
        contents.error = Some(match contents.blocks.last() {
            Some((cid, _)) => format!("import failed after block \"{cid}\": {error}"),
            None => error,
        });
    }
    contents
}

fn read_into(rest: &mut Bytes, contents: &mut Contents) -> Result<(), String> {
    let header = section(rest)?.ok_or("unexpected EOF")?;
    if header.len() > limits::CAR_HEADER_BYTES {
        return Err("invalid header: too large".to_owned());
    }
    let header = cbor::decode(&header).map_err(|e| format!("invalid header: {}", e.message()))?;
    let Ipld::Map(header) = header else { return Err("invalid header: not a map".to_owned()) };
    if header.get("version") != Some(&Ipld::Integer(1)) {
        return Err("invalid car version".to_owned());
    }
    if let Some(Ipld::List(roots)) = header.get("roots") {
        contents.roots = roots.iter().filter_map(|root| if let Ipld::Link(cid) = root { Some(*cid) } else { None }).collect();
    }
    while let Some(section) = section(rest)? {
        let mut bytes = &*section;
        let cid = Cid::read_bytes(&mut bytes).map_err(|e| e.to_string())?;
        let block = section.slice(section.len().saturating_sub(bytes.len())..);
        if block.len() > limits::BLOCK_BYTES {
            return Err(format!("block {cid} is over 2MiB"));
        }
        let hashed = dag::cid_of(cid.codec(), &block);
        if cid.hash().code() == hashed.hash().code() && cid.hash() != hashed.hash() {
            return Err(format!("mismatch in content integrity, expected: {cid}, got: {hashed}"));
        }
        contents.blocks.push((cid, block));
    }
    Ok(())
}

/// The next length-prefixed section; `None` at the end of the file.
fn section(rest: &mut Bytes) -> Result<Option<Bytes>, String> {
    if rest.is_empty() {
        return Ok(None);
    }
    let mut len = 0_u64;
    let mut shift = 0_u32;
    loop {
        let Some((&byte, tail)) = rest.split_first() else { return Err("unexpected EOF".to_owned()) };
        let at = rest.len().saturating_sub(tail.len());
        if shift > 56 {
            return Err("varint too long".to_owned());
        }
        len |= u64::from(byte & 0x7f) << shift;
        *rest = rest.slice(at..);
        if byte & 0x80 == 0 {
            break;
        }
        shift += 7;
    }
    match usize::try_from(len) {
        Ok(len) if len <= rest.len() => Ok(Some(rest.split_to(len))),
        _ => Err("unexpected EOF".to_owned()),
    }
}

/// The header of a CAR with one root.
pub(crate) fn header(root: &Cid) -> Vec<u8> {
    let map = [
        ("roots".to_owned(), Ipld::List(vec![Ipld::Link(*root)])),
        ("version".to_owned(), Ipld::Integer(1)),
    ];
    let body = cbor::encode(&Ipld::Map(map.into_iter().collect())).unwrap_or_default();
    let mut out = varint(body.len());
    out.extend_from_slice(&body);
    out
}

/// One section: the block under its CID.
pub(crate) fn block(cid: &Cid, bytes: &[u8]) -> Vec<u8> {
    let cid = cid.to_bytes();
    let mut out = varint(cid.len() + bytes.len());
    out.extend_from_slice(&cid);
    out.extend_from_slice(bytes);
    out
}

fn varint(mut number: usize) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            out.push(low);
            return out;
        }
        out.push(low | 0x80);
    }
}

//! `audit`: what each node's own store holds of this wallet, and putting back what it does not; or the rehearsal of a restore.

use serde::Serialize;
use tauri_plugin_wallet_sync::engine::{AuditReport, AuditRequest, Mark, Missed, Mode, NodeAudit, Rehearsal};
use tauri_plugin_wallet_sync::shown::counted;
use tauri_plugin_wallet_sync::{Code, Engine};

use super::Context;
use crate::args::Audit;
use crate::failure::Failure;
use crate::progress::Line;
use crate::{account, output};

pub async fn run(context: &Context, asked: &Audit) -> Result<(), Failure> {
    if context.global.nodes.is_none() {
        return Err(Failure::new(
            Code::BadRequest,
            "a nodes file is needed: --nodes FILE or WALLETSYNC_NODES",
        ));
    }
    if asked.rehearse {
        let engine = account::open_to_read(&context.global).await?;
        let rehearsal = account::with(engine, async |engine| {
            let line = Line::start();
            Ok(engine.rehearse(line.auditor()).await?)
        })
        .await?;
        return told(context, &rehearsal);
    }
    let engine = account::open(&context.global, Mode::Own).await?;
    let request = AuditRequest { all: asked.all, repair: asked.repair };
    let report = account::with(engine, async |engine| audit(engine, request).await).await?;
    let mut lines = context.output.lines();
    for node in &report.nodes {
        lines.value(node, || describe(node))?;
    }
    lines.flush()?;
    judged(&report)
}

async fn audit(engine: &Engine, request: AuditRequest) -> Result<AuditReport, Failure> {
    let line = Line::start();
    Ok(engine.audit(request, line.auditor()).await?)
}

fn judged(report: &AuditReport) -> Result<(), Failure> {
    if report.unpublished > 0 {
        let changes = counted(report.unpublished, "change is", "changes are");
        output::say(&format!("{changes} not published yet, and looked for nowhere"));
    }
    if report.is_safe() {
        return Ok(());
    }
    for lost in &report.lost {
        for missed in &lost.named {
            output::say(&format!("lost: {}", named(missed)));
        }
    }
    Err(Failure::new(Code::Invalid, report.words()))
}

/// A rehearsal with its result.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    ok: bool,
    whole: bool,
    words: &'a str,
    #[serde(flatten)]
    rehearsal: &'a Rehearsal,
}

fn told(context: &Context, rehearsal: &Rehearsal) -> Result<(), Failure> {
    let (whole, words) = (rehearsal.is_whole(), rehearsal.words());
    let shown = || list(rehearsal, &words);
    context.output.value(&Told { ok: whole, whole, words: &words, rehearsal }, shown)?;
    if whole { Ok(()) } else { Err(Failure::new(Code::Invalid, words)) }
}

/// The sentence, and the first of what is missing.
fn list(rehearsal: &Rehearsal, words: &str) -> String {
    let missing = rehearsal.missing.iter().map(|missed| format!("\nmissing  {}", named(missed)));
    std::iter::once(words.to_owned()).chain(missing).collect()
}

fn named(missed: &Missed) -> String {
    match missed {
        Missed::Token(id, state) => format!("token {id} in state {state}"),
        Missed::Entry(key) => format!("setting {key}"),
        Missed::Unknown => "something of a later release".to_owned(),
    }
}

fn describe(node: &NodeAudit) -> String {
    let NodeAudit { id, checked, missing, damaged, repaired, .. } = node;
    if let (Some(error), None) = (&node.error, node.record) {
        return format!("{id}  not looked at: {}", error.message());
    }
    let names = ["record", "beacon", "pin", "root"];
    let marks = names.iter().zip(node.marks()).map(|(name, mark)| format!("{name} {}", word(mark)));
    let mut line = format!("{id}  {}", marks.collect::<Vec<_>>().join(", "));
    let checked = counted(usize::try_from(*checked).unwrap_or(usize::MAX), "block", "blocks");
    line.push_str(&format!("; of {checked} {missing} missing, {damaged} damaged"));
    if *repaired > 0 {
        line.push_str(&format!("; {repaired} put back"));
    }
    if let Some(error) = &node.error {
        line.push_str(&format!("; not all of it was looked at: {}", error.message()));
    }
    line
}

fn word(mark: Option<Mark>) -> &'static str {
    match mark {
        Some(Mark::Ok) => "ok",
        Some(Mark::Stale) => "STALE",
        Some(Mark::Missing) => "MISSING",
        Some(Mark::Damaged) => "DAMAGED",
        None => "?",
    }
}

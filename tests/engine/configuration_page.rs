//! `docs/configuration.md` says what is so: every key, its default and its bounds, and a sample that is accepted.

use serde_json::{Value, json};
use tauri_plugin_wallet_sync::Config;

const PAGE: &str = include_str!("../../docs/configuration.md");

struct Row {
    key: String,
    default: Value,
    unit: String,
    smallest: Option<i64>,
    largest: Option<i64>,
}

fn rows() -> Vec<Row> {
    let (_, keys) = PAGE.split_once("## Keys").unwrap();
    let (keys, _) = keys.split_once("## A node").unwrap();
    let cells = |line: &str| {
        line.trim_matches('|').split('|').map(|c| c.trim().trim_matches('`').to_owned()).collect()
    };
    let rows = keys.lines().filter(|line| line.starts_with("| `")).map(|line| {
        let cells: Vec<String> = cells(line);
        Row {
            key: cells[0].clone(),
            default: serde_json::from_str(&cells[1]).unwrap(),
            unit: cells[2].clone(),
            smallest: cells[3].parse().ok(),
            largest: cells[4].parse().ok(),
        }
    });
    rows.collect()
}

/// A configuration with one key set.
fn with(key: &str, value: Value) -> Value {
    match key.split_once('.') {
        Some((outer, inner)) => json!({outer: {inner: value}}),
        None => json!({key: value}),
    }
}

fn load(json: &Value) -> Result<Config, String> {
    let config: Config = serde_json::from_value(json.clone()).map_err(|e| e.to_string())?;
    config.validate().map_err(|e| e.to_string())?;
    Ok(config)
}

#[test]
fn every_key_is_documented_with_its_default() {
    let known = format!("{:?}", Config::default());
    for row in rows() {
        let config = load(&with(&row.key, row.default)).unwrap();
        assert_eq!(format!("{config:?}"), known, "{}", row.key);
    }
    // Every field of the type, as its debug form names them.
    let fields = known
        .split([' ', '{'])
        .filter_map(|word| word.strip_suffix(':'))
        .filter(|word| !["cache", "timeouts", "limits", "windows", "poll", "metrics"].contains(word));
    let documented: Vec<String> =
        rows().iter().map(|row| row.key.rsplit('.').next().unwrap().to_lowercase()).collect();
    for field in fields {
        assert!(documented.contains(&field.replace('_', "")), "{field} is not documented");
    }
}

#[test]
fn every_key_of_a_node_is_documented_and_no_other() {
    let (_, table) = PAGE.split_once("## A node").unwrap();
    let (table, _) = table.split_once("\n\nURLs are").unwrap();
    let names = |line: &str| {
        let cell = line.split('|').nth(1).unwrap_or_default();
        cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut documented: Vec<String> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .flat_map(names)
        .map(|key| key.to_lowercase())
        .collect();
    let known = format!("{:?}", tauri_plugin_wallet_sync::NodeConfig::new("n"));
    let fields = known.split([' ', '{']).filter_map(|word| word.strip_suffix(':'));
    let mut fields: Vec<String> = fields.map(|field| field.replace('_', "")).collect();
    documented.sort();
    fields.sort();
    assert_eq!(documented, fields);
}

#[test]
fn the_bounds_of_every_number_are_as_documented() {
    let mut checked = 0;
    for row in rows().iter().filter(|row| ["ms", "bytes", "kbit/s"].contains(&row.unit.as_str())) {
        let value = |n: i64| if row.default.is_array() { json!([n, n]) } else { json!(n) };
        let accepts = |n: i64| load(&with(&row.key, value(n))).is_ok();
        for (bound, beyond) in [(row.smallest, -1), (row.largest, 1)] {
            let Some(bound) = bound else { continue };
            assert!(accepts(bound), "{} = {bound}", row.key);
            assert!(!accepts(bound + beyond), "{} = {}", row.key, bound + beyond);
            checked += 1;
        }
    }
    assert!(checked >= 28, "{checked}");
}

#[test]
fn the_sample_is_accepted() {
    let (_, sample) = PAGE.split_once("```json").unwrap();
    let (sample, _) = sample.split_once("```").unwrap();
    let sample: Value = serde_json::from_str(sample).unwrap();
    let config = load(&sample["plugins"]["wallet-sync"]).unwrap();
    assert_eq!(config.nodes.len(), 3);
}

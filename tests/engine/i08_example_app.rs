//! I8: the example app runs no inline script, talks to nobody but its own process, and freezes prototypes.

use serde_json::Value;

const APP: &str = include_str!("../../examples/wallet/src-tauri/tauri.conf.json");

#[test]
fn the_example_app_allows_no_inline_script_and_freezes_prototypes() {
    let app: Value = serde_json::from_str(APP).unwrap();
    let security = &app["app"]["security"];
    assert_eq!(security["freezePrototype"], true);
    let csp = security["csp"].as_str().unwrap();
    let directive = |name: &str| {
        csp.split(';')
            .map(str::trim)
            .find_map(|one| one.strip_prefix(name))
            .map(str::trim)
            .unwrap_or_default()
    };
    assert_eq!(directive("default-src "), "'none'");
    assert_eq!(directive("script-src "), "'self'");
    assert_eq!(directive("connect-src "), "ipc: http://ipc.localhost");
    assert!(!csp.contains("unsafe"), "{csp}");
}

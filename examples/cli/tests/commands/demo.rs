//! The demo runs and its own checks pass.

use crate::support;

#[test]
fn the_demo_passes_its_own_checks() {
    let demo = support::run(&["--json", "demo"]).done();
    let steps = demo["steps"].as_array().unwrap();
    assert!(steps.len() >= 6, "{demo}");
    for step in steps {
        assert_eq!(step["ok"], true, "{step}");
        assert!(step["elapsedMs"].as_f64().is_some() && step["name"].is_string(), "{step}");
    }
    assert!(
        demo["metrics"]["snapshot"]["operations"].as_array().is_some_and(|rows| !rows.is_empty()),
        "{demo}"
    );
}

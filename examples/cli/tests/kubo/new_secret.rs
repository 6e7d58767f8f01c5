//! A change of secret on real Kubo.

use crate::support::kubo::five;
use crate::support::new_secret::is_changed_though_killed_and_with_a_device_that_was_off;

#[test]
fn a_change_that_is_killed_again_and_again_ends_and_the_other_device_follows() {
    let (_turn, _cluster, nodes) = five();
    is_changed_though_killed_and_with_a_device_that_was_off(&nodes);
}

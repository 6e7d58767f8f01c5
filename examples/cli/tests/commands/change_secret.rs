//! `change-secret`, on embedded nodes.

use crate::support::embedded::Nodes;
use crate::support::new_secret::is_changed_though_killed_and_with_a_device_that_was_off;

#[test]
fn a_change_that_is_killed_again_and_again_ends_and_the_other_device_follows() {
    let nodes = Nodes::start();
    is_changed_though_killed_and_with_a_device_that_was_off(&nodes.nodes_json());
}

#[test]
fn the_old_secret_is_no_new_one() {
    let nodes = Nodes::start();
    let devices = crate::support::kubo::Devices::on(&nodes.nodes_json());
    let secret = devices.wallet.path("secret").to_string_lossy().into_owned();
    let data = devices.wallet.path("new").to_string_lossy().into_owned();
    let told = devices.run("a", &["change-secret", "--to-secret-file", &secret, "--to-data", &data]);
    told.refused(2, "bad_request");
}

#[test]
fn the_wallets_own_folder_is_no_place_for_the_new_secret() {
    let nodes = Nodes::start();
    let devices = crate::support::kubo::Devices::on(&nodes.nodes_json());
    devices.run("a", &["init"]).done();
    let secret = devices.wallet.path("other");
    let to = secret.to_string_lossy().into_owned();
    for own in ["a", "./a/../a"] {
        let data = devices.wallet.path(own).to_string_lossy().into_owned();
        devices
            .run("a", &["change-secret", "--to-secret-file", &to, "--to-data", &data])
            .refused(2, "bad_request");
    }
    assert!(!secret.exists(), "no secret is made for it");
}

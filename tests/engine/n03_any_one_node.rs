//! N3: whichever nodes are dead, a device reads from the others; with one left the wallet is restored, and that it is one is said.

use tauri_plugin_wallet_sync::store::Level;

use crate::support::world::{Fault, World};

const NODES: usize = 5;

#[tokio::test(start_paused = true)]
async fn every_choice_of_dead_nodes_leaves_the_wallet_readable() {
    for alive in 1_u32..1 << NODES {
        for fault in [Fault::Dead, Fault::Hung] {
            let world = World::new(NODES);
            let device = world.device().await;
            device.put(&["a", "b"]).await;
            device.sync_to(Level::Verified).await.unwrap();
            device.close().await;
            let dead: Vec<usize> = (0..NODES).filter(|at| alive & 1 << at == 0).collect();
            world.faults(fault, &dead);
            let fresh = world.device().await;
            let report = fresh.sync().await.unwrap();
            let what = format!("{fault:?} {dead:?}: {report:?}");
            assert_eq!((fresh.ids(), report.missing_payloads), (vec!["a".into(), "b".into()], 0), "{what}");
            // Less than a majority showed the wallet: there may be more of it.
            let is_told = report.warnings.iter().any(|told| told.starts_with("degraded"));
            assert_eq!(is_told, dead.len() > NODES / 2, "{what}");
        }
    }
}

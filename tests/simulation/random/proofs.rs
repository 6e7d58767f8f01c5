//! Stories about what proves an edition, each thing by itself: beacons that are named late or by halves, a record or a beacon that
//! stands alone for another device, content that rots and does not come back in time, a rival during a long upload.

use std::time::Duration;

use super::{Draw, NODES};
use crate::kubo::{Fault, Verb};
use crate::script::{Act, Deed, Step, Which};

/// What a node pins of each device: editions enough to drive out the last one that has something.
const PINNED: u64 = 4;

impl Draw {
    fn works(&mut self, device: &str, sync: Option<Duration>, steps: &mut Vec<Step>) {
        steps.push(Step::Device(device.to_owned(), self.fresh()));
        steps.push(Step::Device(device.to_owned(), Act::Sync(sync)));
    }

    /// All nodes, or all but one.
    fn most(&self) -> Which {
        if self.below(3) > 0 { Which::All } else { self.some_of(NODES - 1) }
    }

    /// Renames come late, by halves or not at all; the records are forgotten and the device is gone.
    pub fn names(&mut self, steps: &mut Vec<Step>) {
        let [one, ..] = self.shuffled();
        for _ in 0..=self.below(2) {
            self.works(&one, None, steps);
        }
        let which = self.most();
        let late = Fault::Late(self.millis(5_000, 110_000));
        let faults = [late, late, late, Fault::Halves, Fault::Lies, Fault::Fails, Fault::Freezes];
        steps.push(Step::Node(which, Deed::Verb(Verb::Names, self.one_of(&faults))));
        for _ in 0..=self.below(2) {
            self.works(&one, Some(self.millis(3_000, 8_000)), steps);
        }
        match self.below(4) {
            0 => steps.push(Step::Device(one.clone(), Act::Crash)),
            1 => steps.push(Step::Wait(self.millis(1_000, 100_000))),
            _ => {}
        }
        if self.below(4) > 0 {
            steps.push(Step::Node(Which::All, Deed::Up));
        }
        for _ in 0..=self.below(2) {
            self.works(&one, Some(self.millis(2_000, 30_000)), steps);
        }
        steps.push(Step::Wait(self.millis(60_000, 180_000)));
        steps.push(self.gone(&one));
        steps.push(Step::Node(Which::All, Deed::Up));
        if self.below(3) > 0 {
            steps.push(Step::Node(Which::All, Deed::Forgets));
        }
    }

    /// What another device verified is shown by its record alone, or by its beacon alone, and not to a reading.
    pub fn alone(&mut self, steps: &mut Vec<Step>) {
        let [one, other, third] = self.shuffled();
        let nodes = usize::try_from(NODES).unwrap();
        let (left, right) = (self.some_of(2), self.some_of(2));
        let rest = |which: &Which| (0..nodes).filter(|at| !which.of(nodes).contains(at)).collect::<Vec<_>>();
        let right = if self.coin() { rest(&left) } else { right.of(nodes) };
        steps.push(Step::Device(other.clone(), Act::Uses(left.of(nodes))));
        for _ in 0..=self.below(3) {
            self.works(&other, None, steps);
        }
        steps.push(Step::Device(one.clone(), Act::Uses(right)));
        for _ in 0..=self.below(3) {
            self.works(&one, None, steps);
        }
        steps.push(self.gone(&other));
        let deed = match self.below(5) {
            0 | 1 => Deed::Forgets,
            2 => Deed::Verb(Verb::Pins, Fault::Proxies),
            _ => Deed::Verb(Verb::Pins, Fault::Lies),
        };
        steps.push(Step::Node(left.clone(), deed));
        steps.push(Step::Node(left, Deed::Rtt(self.millis(400, 1_200))));
        steps.push(Step::Device(one.clone(), Act::Uses((0..nodes).collect())));
        for _ in 0..=(1 + self.below(2)) {
            self.works(&one, None, steps);
        }
        steps.push(self.gone(&one));
        steps.push(Step::Node(Which::All, Deed::Up));
        if self.coin() {
            steps.push(Step::Device(third, Act::Sync(None)));
        }
    }

    /// A row or a payload rots; what would bring it back is slow or fails; its device publishes on, and goes.
    pub fn rots(&mut self, steps: &mut Vec<Step>) {
        let [one, ..] = self.shuffled();
        let id = format!("t{}", self.tokens);
        self.tokens += 1;
        steps.push(Step::Device(one.clone(), Act::Put(vec![id.clone()], self.one_of(&[40, 2_000]))));
        steps.push(Step::Device(one.clone(), Act::Sync(None)));
        let rots = if self.coin() { Act::LosesItem(id) } else { Act::LosesBlock(id) };
        steps.push(Step::Device(one.clone(), rots));
        // What has to be sent again is read.
        if self.below(4) > 0 {
            steps.push(Step::Node(self.some_of(1), Deed::Wiped));
        }
        let slow = Fault::Slow(self.millis(500, 8_000));
        let fault = self.one_of(&[slow, slow, Fault::Fails]);
        for verb in [Verb::Blocks, Verb::Cars] {
            steps.push(Step::Node(Which::All, Deed::Verb(verb, fault)));
        }
        for _ in 0..=(PINNED + self.below(2)) {
            self.works(&one, Some(self.millis(10_000, 25_000)), steps);
        }
        if self.coin() {
            steps.push(Step::Node(Which::All, Deed::Up));
            self.works(&one, None, steps);
        }
        steps.push(self.gone(&one));
        steps.push(Step::Node(Which::All, Deed::Up));
    }

    /// Two equal disks: while one uploads slowly, the other is through.
    pub fn uploads(&mut self, steps: &mut Vec<Step>) {
        let [one, other, third] = self.shuffled();
        let by = |device: &String, act: Act| Step::Device(device.clone(), act);
        self.works(&one, None, steps);
        steps.push(by(&other, Act::Clones(one.clone())));
        steps.push(Step::Cut(one.clone(), Which::All));
        for _ in 0..=self.below(2) {
            self.works(&one, Some(Duration::from_secs(1)), steps);
        }
        steps.push(Step::Join(one.clone(), Which::All));
        let slow = Deed::Verb(Verb::Import, Fault::Slow(self.millis(1_000, 4_000)));
        steps.push(Step::Node(Which::All, slow));
        steps.push(by(&other, Act::Live));
        steps.push(by(&other, self.fresh()));
        steps.push(Step::Wait(self.millis(300, 2_500)));
        steps.push(by(&one, Act::Live));
        steps.push(by(&one, self.fresh()));
        steps.push(Step::Wait(self.millis(5_000, 25_000)));
        steps.push(self.gone(&other));
        if self.coin() {
            steps.push(self.gone(&one));
        }
        steps.push(Step::Node(Which::All, Deed::Up));
        if self.coin() {
            steps.push(by(&third, Act::Sync(None)));
        }
    }
}

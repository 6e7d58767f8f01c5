//! Stories in which two devices write under one name, or what was verified is in danger and its device goes for good: nobody
//! comes later who would bring back what was lost meanwhile.

use std::time::Duration;

use super::{DEVICES, Draw, NODES};
use crate::kubo::{Fault, Verb};
use crate::script::{Act, Deed, Step, Which};

/// So many tokens that the index does not fit into the record.
const MANY: u64 = 48;

impl Draw {
    /// The devices in any order.
    pub(super) fn shuffled(&self) -> [String; 3] {
        let mut names = DEVICES;
        names.swap(0, usize::try_from(self.below(3)).unwrap());
        names.swap(1, usize::try_from(1 + self.below(2)).unwrap());
        names.map(str::to_owned)
    }

    /// New tokens, few or many.
    pub(super) fn fresh(&mut self) -> Act {
        let count = self.one_of(&[1, 1, 2, 3, 4, MANY]);
        let ids = (0..count).map(|n| format!("t{}", self.tokens + n)).collect();
        self.tokens += count;
        Act::Put(ids, 40)
    }

    pub(super) fn coin(&self) -> bool {
        self.below(2) == 0
    }

    /// A device that nobody sees again, or only without its disk.
    pub(super) fn gone(&self, device: &str) -> Step {
        Step::Device(device.to_owned(), if self.coin() { Act::Dies } else { Act::Reinstall })
    }

    /// Nodes in two parts.
    fn parts(&self) -> (Which, Which) {
        let middle = if self.coin() { 2 } else { 3 };
        let nodes = usize::try_from(NODES).unwrap();
        (Which::These((0..middle).collect()), Which::These((middle..nodes).collect()))
    }

    pub(super) fn some_of(&self, count: u64) -> Which {
        let first = self.below(NODES);
        let at = |n| usize::try_from((first + n) % NODES).unwrap();
        Which::These((0..count).map(at).collect())
    }

    /// Two devices with one slot, each on its own part of the nodes, that meet in one way or another.
    pub fn halves(&mut self, steps: &mut Vec<Step>) {
        let [one, other, third] = self.shuffled();
        let (left, right) = self.parts();
        let by = |device: &String, act: Act| Step::Device(device.clone(), act);
        let is_clone = self.coin();
        if is_clone {
            steps.push(by(&one, self.fresh()));
            steps.push(by(&one, Act::Sync(None)));
            steps.push(by(&other, Act::Clones(one.clone())));
            steps.push(Step::Cut(one.clone(), right.clone()));
            steps.push(Step::Cut(other.clone(), left.clone()));
        } else {
            let nodes = usize::try_from(NODES).unwrap();
            steps.push(by(&one, Act::Uses(left.of(nodes))));
            steps.push(by(&other, Act::Uses(right.of(nodes))));
        }
        for device in [&one, &other] {
            for _ in 0..=self.below(2) {
                steps.push(by(device, self.fresh()));
                steps.push(by(device, Act::Sync(None)));
            }
        }
        for device in [&one, &other] {
            steps.push(match is_clone {
                true => Step::Join(device.clone(), Which::All),
                false => by(device, Act::Uses((0..usize::try_from(NODES).unwrap()).collect())),
            });
        }
        self.meet([&one, &other, &third], &left, steps);
        for device in [&one, &other, &third] {
            if self.below(3) > 0 {
                steps.push(self.gone(device));
            }
        }
    }

    fn meet(&mut self, [one, other, third]: [&String; 3], left: &Which, steps: &mut Vec<Step>) {
        let by = |device: &String, act: Act| Step::Device(device.clone(), act);
        match self.below(6) {
            // What the one wrote is seen by the other's put and not by its reading.
            0 | 1 => {
                steps.push(self.gone(one));
                steps.push(Step::Node(left.clone(), Deed::Rtt(self.millis(250, 1_200))));
                for _ in 0..=self.below(2) {
                    steps.push(by(other, self.fresh()));
                    steps.push(by(other, Act::Sync(None)));
                }
            }
            // Who looks gets the records and not what they point at.
            2 => {
                for verb in [Verb::Blocks, Verb::Cars] {
                    steps.push(Step::Node(left.clone(), Deed::Verb(verb, Fault::Fails)));
                }
                let who = if self.coin() { other } else { third };
                steps.push(by(who, self.fresh()));
                steps.push(by(who, Act::Sync(None)));
                steps.push(Step::Wait(self.millis(500, 90_000)));
                steps.push(by(third, Act::Sync(None)));
            }
            3 => {
                steps.push(by(other, Act::Sync(None)));
                steps.push(Step::Wait(self.millis(100, 60_000)));
                steps.push(by(one, Act::Sync(None)));
            }
            4 => {
                steps.push(by(other, self.fresh()));
                steps.push(by(other, Act::CrashAt(1 + self.below(9), self.coin())));
                steps.push(by(other, Act::Sync(None)));
                steps.push(self.gone(one));
                steps.push(by(other, Act::Sync(None)));
            }
            _ => {
                steps.push(by(third, Act::Sync(None)));
                steps.push(Step::Wait(self.millis(500, 90_000)));
            }
        }
        steps.push(Step::Node(Which::All, Deed::Up));
        if self.coin() {
            steps.push(by(other, Act::Sync(Some(self.millis(300, 3_000)))));
        }
    }

    /// Devices without a slot claim one at the same time.
    pub fn claims(&mut self, steps: &mut Vec<Step>) {
        let [one, other, third] = self.shuffled();
        let racing: Vec<&String> = if self.coin() { vec![&one, &other] } else { vec![&one, &other, &third] };
        for at in 0..NODES {
            let which = Which::These(vec![usize::try_from(at).unwrap()]);
            steps.push(Step::Node(which, Deed::Rtt(self.millis(4, self.one_of(&[12, 12, 250, 900])))));
        }
        for device in &racing {
            steps.push(Step::Device((*device).clone(), Act::Reinstall));
            steps.push(Step::Device((*device).clone(), Act::Live));
            if self.below(4) == 0 {
                steps.push(Step::Cut((*device).clone(), self.some_of(1 + self.below(2))));
            }
        }
        for device in &racing {
            steps.push(Step::Device((*device).clone(), self.fresh()));
            steps.push(Step::Wait(self.millis(1, self.one_of(&[30, 400, 2_500]))));
        }
        if self.below(3) == 0 {
            steps.push(Step::Device(one.clone(), Act::CrashAt(1 + self.below(9), self.coin())));
        }
        steps.push(Step::Wait(self.millis(1_000, 15_000)));
        for device in &racing {
            steps.push(Step::Join((*device).clone(), Which::All));
            if self.coin() {
                steps.push(Step::Device((*device).clone(), Act::Sync(None)));
            }
            let closes = Step::Device((*device).clone(), Act::Close);
            steps.push(if self.coin() { self.gone(device) } else { closes });
        }
        steps.push(Step::Node(Which::All, Deed::Up));
    }

    /// A device publishes at the moment at which another one puts its older record back.
    pub fn race(&mut self, steps: &mut Vec<Step>) {
        let [one, other, _] = self.shuffled();
        let by = |device: &String, act: Act| Step::Device(device.clone(), act);
        let pair = self.some_of(2);
        let nodes = usize::try_from(NODES).unwrap();
        let rest = (0..nodes).filter(|at| !pair.of(nodes).contains(at)).collect();
        steps.push(by(&one, Act::Live));
        for _ in 0..2 {
            steps.push(Step::Node(pair.clone(), Deed::Saves));
            steps.push(by(&one, self.fresh()));
            steps.push(by(&one, Act::Sync(None)));
        }
        steps.push(by(&other, Act::Sync(None)));
        steps.push(Step::Node(pair, Deed::Returns));
        steps.push(Step::Node(Which::All, Deed::Rtt(self.millis(4, 14))));
        steps.push(Step::Cut(one.clone(), Which::These(rest)));
        // It sends the change on by itself a quarter of a second later.
        steps.push(by(&one, self.fresh()));
        steps.push(Step::Wait(self.millis(200, 280)));
        steps.push(by(&other, Act::Sync(Some(self.millis(150, 800)))));
        steps.push(Step::Wait(self.millis(500, 3_000)));
        steps.push(if self.coin() { self.gone(&one) } else { by(&one, Act::Close) });
        steps.push(Step::Join(one, Which::All));
    }

    /// Most nodes say yes to what they do not do.
    pub fn feign(&mut self, steps: &mut Vec<Step>) {
        let [one, ..] = self.shuffled();
        let which = self.some_of(3 + self.below(3));
        let wrong: &[(Verb, Fault)] = match self.below(5) {
            0 | 1 => &[(Verb::Import, Fault::Lies), (Verb::Pin, Fault::Lies)],
            2 => &[(Verb::Put, Fault::Lies)],
            3 => &[(Verb::Pin, Fault::Fails)],
            _ => &[(Verb::Import, Fault::Lies)],
        };
        steps.extend(wrong.iter().map(|(verb, fault)| Step::Node(which.clone(), Deed::Verb(*verb, *fault))));
        steps.push(Step::Device(one.clone(), self.fresh()));
        steps.push(Step::Device(one.clone(), Act::Sync(Some(self.millis(500, 4_000)))));
        steps.push(Step::Node(which, Deed::Up));
        if self.coin() {
            steps.push(self.gone(&one));
        }
    }

    /// Nodes lose or forget what was verified, its device looks, and goes.
    pub fn fade(&mut self, steps: &mut Vec<Step>) {
        let [one, other, third] = self.shuffled();
        let by = |device: &String, act: Act| Step::Device(device.clone(), act);
        let which = self.some_of(1 + self.below(NODES));
        for saves in [true, false] {
            for _ in 0..=self.below(if saves { 2 } else { 1 }) {
                steps.push(by(&one, self.fresh()));
                steps.push(by(&one, Act::Sync(None)));
            }
            if saves && self.coin() {
                steps.push(by(&other, Act::Sync(None)));
            }
            if saves {
                steps.push(Step::Node(which.clone(), Deed::Saves));
            }
        }
        let deeds =
            [Deed::Wiped, Deed::Returns, Deed::Returns, Deed::Forgets, Deed::Collects, Deed::LosesPower];
        steps.push(Step::Node(which, self.one_of(&deeds)));
        if self.coin() {
            steps.push(Step::Wait(self.millis(1_000, 3_600_000)));
        }
        // What it cannot put back at once it must not tell as verified meanwhile.
        if self.coin() {
            let verb = self.one_of(&[Verb::Import, Verb::Pin, Verb::Put]);
            steps
                .push(Step::Node(Which::All, Deed::Verb(verb, self.one_of(&[Fault::Fails, Fault::Freezes]))));
        }
        let looks =
            [Act::Sync(Some(Duration::from_secs(4))), Act::Sync(Some(Duration::from_secs(2))), Act::Read];
        for _ in 0..=self.below(2) {
            let who = if self.below(4) == 0 { &other } else { &one };
            steps.push(by(who, looks[usize::try_from(self.below(3)).unwrap()].clone()));
        }
        if self.below(3) > 0 {
            steps.push(self.gone(&one));
        }
        steps.push(Step::Node(Which::All, Deed::Up));
        if self.coin() {
            steps.push(by(&third, Act::Sync(None)));
        }
    }
}

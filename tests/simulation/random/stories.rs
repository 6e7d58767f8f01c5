//! Several steps that belong together, because by single steps they would hardly ever meet.

use std::time::Duration;

use super::{DEVICES, Draw, NODES};
use crate::kubo::{Fault, Verb};
use crate::script::{Act, Deed, Step, Which};

impl Draw {
    /// Some nodes are away while a device works, come back, and another device looks.
    pub fn lag(&mut self, steps: &mut Vec<Step>) {
        if self.below(4) == 0 {
            return self.answer_first(steps);
        }
        let away = match self.below(3) {
            0 => Which::All,
            1 => {
                let stays = usize::try_from(self.below(NODES)).unwrap();
                Which::These((0..usize::try_from(NODES).unwrap()).filter(|at| *at != stays).collect())
            }
            _ => self.nodes(),
        };
        let device = self.device();
        // With nothing to send, what follows might be answered from memory.
        let works = self.below(2) == 0;
        if !works {
            steps.push(Step::Device(device.clone(), Act::Sync(None)));
        }
        steps.push(Step::Node(away.clone(), Deed::Dead));
        if works {
            steps.push(Step::Device(device.clone(), self.usage()));
        }
        steps.push(Step::Device(device.clone(), Act::Sync(Some(Duration::from_secs(3)))));
        steps.push(Step::Node(away, Deed::Up));
        if self.below(2) == 0 {
            steps.push(Step::Device(device, Act::Read));
        }
        steps.push(Step::Wait(Duration::from_secs(2)));
        steps.push(Step::Device(self.device(), Act::Sync(None)));
    }

    /// Nodes that were away for a publish are the first to answer another device.
    fn answer_first(&mut self, steps: &mut Vec<Step>) {
        let [one, other, _] = self.shuffled();
        let away = Which::These(vec![0, usize::try_from(1 + self.below(NODES - 1)).unwrap()]);
        steps.push(Step::Device(one.clone(), self.fresh()));
        steps.push(Step::Device(one.clone(), Act::Sync(None)));
        steps.push(Step::Device(other.clone(), Act::Sync(None)));
        steps.push(Step::Node(away.clone(), Deed::Dead));
        steps.push(Step::Device(one.clone(), self.fresh()));
        steps.push(Step::Device(one, Act::Sync(Some(Duration::from_secs(3)))));
        steps.push(Step::Node(Which::All, Deed::Rtt(self.millis(60, 140))));
        steps.push(Step::Node(away.clone(), Deed::Up));
        steps.push(Step::Node(away, Deed::Rtt(self.millis(4, 30))));
        steps.push(Step::Wait(Duration::from_secs(2)));
        steps.push(Step::Device(other, Act::Sync(None)));
    }

    /// Two disks that are the same, on halves that do not meet.
    pub fn twins(&mut self, steps: &mut Vec<Step>) {
        let [one, other, third] = ["a", "b", "c"].map(str::to_owned);
        steps.push(Step::Device(other.clone(), Act::Clones(one.clone())));
        steps.push(Step::Cut(one.clone(), Which::These(vec![0, 1])));
        steps.push(Step::Cut(other.clone(), Which::These(vec![2, 3, 4])));
        for device in [&one, &other] {
            steps.push(Step::Device(device.clone(), self.usage()));
            steps.push(Step::Device(device.clone(), Act::Sync(Some(Duration::from_secs(4)))));
        }
        steps.push(Step::Join(one.clone(), Which::All));
        steps.push(Step::Join(other, Which::All));
        steps.push(Step::Device(third, Act::Sync(None)));
    }

    fn node(&self) -> Which {
        Which::These(vec![usize::try_from(self.below(NODES)).unwrap()])
    }

    pub(super) fn millis(&self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from))
    }

    /// Tokens are verified, their device may go, the nodes suffer, a new device comes, and looks again when all is well.
    pub fn restore(&mut self, steps: &mut Vec<Step>) {
        let (old, new) = (self.device(), self.device());
        let count = self.one_of(&[3, 3, 10, 60]);
        let ids: Vec<String> = (0..count).map(|n| format!("t{}", self.tokens + n)).collect();
        self.tokens += count;
        let lost = ids.iter().take(3).cloned().collect::<Vec<_>>();
        steps.push(Step::Device(old.clone(), Act::Put(ids, self.one_of(&[40, 3_000]))));
        steps.push(Step::Device(old.clone(), Act::Sync(None)));
        if self.below(2) == 0 {
            steps.push(Step::Device(old, Act::Reinstall));
        }
        for _ in 0..=self.below(2) {
            steps.extend(self.suffering(&lost));
        }
        steps.push(Step::Device(new.clone(), Act::Reinstall));
        steps.push(Step::Device(new.clone(), Act::Sync(None)));
        steps.push(Step::Device(new.clone(), Act::Sync(None)));
        steps.push(Step::Node(Which::All, Deed::Up));
        steps.push(Step::Wait(Duration::from_secs(60)));
        steps.push(Step::Device(new.clone(), Act::Read));
        steps.push(Step::Device(new.clone(), Act::Sync(None)));
        steps.push(Step::Device(new, Act::Whole));
    }

    fn suffering(&self, lost: &[String]) -> Vec<Step> {
        let slow = Fault::Slow(self.millis(500, 3_000));
        let step = match self.below(11) {
            0 => Step::Node(Which::All, Deed::Forgets),
            // Silence of most, and one that has nothing, is no empty wallet.
            1 => {
                let silent = Step::Node(Which::These(vec![0, 1, 2, 4]), Deed::Dead);
                return vec![silent, Step::Node(Which::These(vec![3]), Deed::Wiped)];
            }
            2 => Step::Node(self.node(), Deed::Frozen),
            3 => Step::Node(self.nodes(), Deed::Verb(Verb::Pins, Fault::Full)),
            4 => Step::Node(self.nodes(), Deed::Verb(self.one_of(&[Verb::Cars, Verb::Blocks]), Fault::Drips)),
            5 => Step::Node(self.nodes(), Deed::Verb(self.one_of(&[Verb::Cars, Verb::Blocks]), slow)),
            6 => Step::Node(Which::All, Deed::Rtt(self.millis(300, 1_200))),
            7 => return lost.iter().map(|id| Step::Loses(Which::All, id.clone())).collect(),
            8 => Step::Node(self.nodes(), Deed::LosesLeaves),
            9 => Step::Node(Which::All, Deed::Verb(Verb::Cars, slow)),
            _ => Step::Node(Which::All, Deed::Verb(Verb::Blocks, Fault::Fails)),
        };
        vec![step]
    }

    /// A change is made while all is well, one when something is not, and a while passes.
    pub fn rest(&mut self, steps: &mut Vec<Step>) {
        let device = self.device();
        steps.push(Step::Device(device.clone(), Act::Live));
        steps.push(Step::Device(device.clone(), self.usage()));
        steps.push(Step::Wait(Duration::from_secs(540)));
        let deed = match self.below(5) {
            0 => Deed::Frozen,
            1 => Deed::Dead,
            2 => Deed::Verb(Verb::Pin, Fault::Endless),
            3 => Deed::Rtt(self.millis(200, 600)),
            _ => Deed::Verb(
                self.one_of(&[Verb::Put, Verb::Pin, Verb::Import]),
                self.one_of(&[Fault::Fails, Fault::Freezes]),
            ),
        };
        steps.push(Step::Node(self.nodes(), deed));
        for pause in [self.millis(500, 40_000), Duration::from_secs(25)] {
            let act = self.usage();
            steps.push(Step::Device(device.clone(), act));
            steps.push(Step::Wait(pause));
        }
        if self.below(6) == 0 {
            steps.push(Step::Wait(Duration::from_secs(3_600)));
        }
        if self.below(2) == 0 {
            steps.push(Step::Node(Which::All, Deed::Up));
        }
    }

    /// Days in which a device only looks now and then.
    pub fn days(&mut self, steps: &mut Vec<Step>) {
        let device = self.device();
        steps.extend(DEVICES.map(|device| Step::Device(device.to_owned(), Act::Close)));
        steps.push(Step::Device(device.clone(), self.usage()));
        for _ in 0..4 {
            steps.push(Step::Device(device.clone(), Act::Sync(None)));
            steps.push(Step::Wait(Duration::from_secs(26 * 3_600 + self.below(4 * 3_600))));
        }
    }

    /// Days in which nobody works.
    pub fn sleep(&self, steps: &mut Vec<Step>) {
        steps.extend(DEVICES.map(|device| Step::Device(device.to_owned(), Act::Close)));
        let day = 86_400_000;
        steps.push(Step::Wait(Duration::from_millis(match self.below(4) {
            0 => self.below(day),
            1 => day + self.below(3 * day),
            2 => 3 * day + self.below(10 * day),
            _ => self.below(370 * day),
        })));
    }
}

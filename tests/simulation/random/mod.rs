//! Worlds by name, and a script for each seed: steps drawn by weight from what goes wrong in that world.

mod proofs;
mod rivals;
mod stories;

use std::time::Duration;

use tauri_plugin_wallet_sync::clock::Entropy;

use crate::kubo::{Fault, Verb};
use crate::script::{Act, Deed, Step, Which};

const NODES: u64 = 5;
const DEVICES: [&str; 3] = ["a", "b", "c"];
const STEPS: (u64, u64) = (10, 12);

/// A kind of thing that happens.
#[derive(Clone, Copy)]
enum Kind {
    Use,
    Sync,
    Live,
    Short,
    Long,
    Crash,
    Die,
    Clone,
    Rot,
    Clock,
    Loss,
    Cut,
    Down,
    Verb,
    Up,
    Wipe,
    Roll,
    Far,
    /// Somebody works while few nodes answer; they come back, and somebody else looks.
    Lag,
    Twins,
    /// A new device, while something is wrong with the nodes.
    Restore,
    /// A device that works by itself, while something is wrong with a node.
    Rest,
    /// Two devices write one slot on parts of the nodes that do not meet.
    Halves,
    /// Days in which one device looks now and then.
    Days,
    /// Devices claim a slot at the same moment.
    Claims,
    /// An older record is put back while its device publishes.
    Race,
    /// Most nodes say yes to what they do not do, and the device that believed them goes.
    Feign,
    /// What was verified is lost by nodes, and its device goes.
    Fade,
    /// Beacons are named late, by halves or not at all.
    Names,
    /// A record or a beacon alone stands for another device.
    Alone,
    /// Something rots, and what would bring it back does not come in time.
    Rots,
    /// A rival is through while a device uploads.
    Uploads,
}

/// A world: its name, and what happens there with which weight.
pub struct World {
    pub name: &'static str,
    weights: &'static [(Kind, u64)],
}

/// What happens in every world.
const WORK: [(Kind, u64); 4] = [(Kind::Use, 30), (Kind::Sync, 25), (Kind::Live, 6), (Kind::Short, 12)];

/// The worlds, kind ones first.
pub const WORLDS: [World; 15] = [
    World { name: "calm", weights: &[(Kind::Long, 6), (Kind::Days, 4)] },
    World { name: "lossy", weights: &[(Kind::Loss, 12), (Kind::Cut, 8)] },
    World { name: "crashing", weights: &[(Kind::Crash, 25)] },
    World { name: "flapping", weights: &[(Kind::Down, 14), (Kind::Up, 10), (Kind::Far, 6), (Kind::Lag, 20)] },
    World { name: "lying", weights: &[(Kind::Verb, 16), (Kind::Up, 6), (Kind::Feign, 12)] },
    World { name: "forgetful", weights: &[(Kind::Wipe, 10), (Kind::Roll, 10), (Kind::Long, 6)] },
    World {
        name: "cloned",
        weights: &[(Kind::Clone, 12), (Kind::Twins, 10), (Kind::Die, 6), (Kind::Crash, 6)],
    },
    World { name: "rotting", weights: &[(Kind::Rot, 10), (Kind::Clock, 6), (Kind::Long, 6)] },
    World { name: "restoring", weights: &[(Kind::Restore, 40)] },
    World { name: "resting", weights: &[(Kind::Rest, 30)] },
    World { name: "halved", weights: &[(Kind::Halves, 400)] },
    World { name: "claiming", weights: &[(Kind::Claims, 150), (Kind::Race, 400)] },
    World { name: "fading", weights: &[(Kind::Fade, 300)] },
    World {
        name: "harsh",
        weights: &[
            (Kind::Loss, 4),
            (Kind::Cut, 4),
            (Kind::Crash, 4),
            (Kind::Down, 4),
            (Kind::Up, 4),
            (Kind::Verb, 4),
            (Kind::Wipe, 2),
            (Kind::Roll, 2),
            (Kind::Clone, 2),
            (Kind::Die, 2),
            (Kind::Clock, 2),
            (Kind::Long, 4),
        ],
    },
    World {
        name: "proving",
        weights: &[(Kind::Names, 150), (Kind::Alone, 150), (Kind::Rots, 100), (Kind::Uploads, 100)],
    },
];

/// The script of a seed in a world.
pub fn script(world: &World, seed: u64) -> Vec<Step> {
    let mut draw = Draw { luck: Entropy::seeded(seed), tokens: 0, values: 0 };
    let mut steps = vec![Step::Nodes(usize::try_from(NODES).unwrap())];
    let count = STEPS.0 + draw.below(STEPS.1);
    while (steps.len() as u64) < count {
        let kind = draw.kind(world);
        draw.add(kind, &mut steps);
    }
    steps
}

struct Draw {
    luck: Entropy,
    tokens: u64,
    values: u64,
}

impl Draw {
    fn below(&self, end: u64) -> u64 {
        self.luck.below(end)
    }

    fn one_of<T: Copy>(&self, some: &[T]) -> T {
        some[usize::try_from(self.below(some.len() as u64)).unwrap()]
    }

    fn kind(&self, world: &World) -> Kind {
        let all = || WORK.iter().chain(world.weights);
        let mut at = self.below(all().map(|(_, weight)| weight).sum());
        for (kind, weight) in all() {
            if at < *weight {
                return *kind;
            }
            at -= weight;
        }
        Kind::Use
    }

    fn device(&self) -> String {
        self.one_of(&DEVICES).to_owned()
    }

    /// One node mostly, sometimes several or all.
    fn nodes(&self) -> Which {
        match self.below(10) {
            0 => Which::All,
            1..=3 => {
                let first = self.below(NODES);
                let second = (first + 1 + self.below(NODES - 1)) % NODES;
                Which::These(vec![usize::try_from(first).unwrap(), usize::try_from(second).unwrap()])
            }
            _ => Which::These(vec![usize::try_from(self.below(NODES)).unwrap()]),
        }
    }

    fn token(&self) -> String {
        format!("t{}", self.below(self.tokens.max(1)))
    }

    fn add(&mut self, kind: Kind, steps: &mut Vec<Step>) {
        let device = self.device();
        let step = match kind {
            Kind::Use => Step::Device(device, self.usage()),
            Kind::Sync => {
                let act = match self.below(10) {
                    0..=5 => Act::Sync(None),
                    6 | 7 => Act::Sync(Some(Duration::from_millis(100 + self.below(3_000)))),
                    _ => Act::Read,
                };
                Step::Device(device, act)
            }
            Kind::Live => Step::Device(device, if self.below(2) == 0 { Act::Live } else { Act::Close }),
            Kind::Short => Step::Wait(Duration::from_millis(200 + self.below(240_000))),
            Kind::Long => return self.sleep(steps),
            Kind::Lag => return self.lag(steps),
            Kind::Twins => return self.twins(steps),
            Kind::Restore => return self.restore(steps),
            Kind::Rest => return self.rest(steps),
            Kind::Days => return self.days(steps),
            Kind::Halves => return self.halves(steps),
            Kind::Claims => return self.claims(steps),
            Kind::Race => return self.race(steps),
            Kind::Feign => return self.feign(steps),
            Kind::Fade => return self.fade(steps),
            Kind::Names => return self.names(steps),
            Kind::Alone => return self.alone(steps),
            Kind::Rots => return self.rots(steps),
            Kind::Uploads => return self.uploads(steps),
            Kind::Crash => {
                let act = match self.below(5) {
                    0 => Act::Crash,
                    1 => Act::Close,
                    _ => Act::CrashAt(1 + self.below(12), self.below(2) == 0),
                };
                Step::Device(device, act)
            }
            Kind::Die => Step::Device(device, if self.below(2) == 0 { Act::Dies } else { Act::Reinstall }),
            Kind::Clone => {
                let act = match self.below(3) {
                    0 => Act::Clones(self.device()),
                    1 => Act::Saves,
                    _ => Act::Returns,
                };
                Step::Device(device, act)
            }
            Kind::Rot => {
                let id = self.token();
                Step::Device(
                    device,
                    if self.below(2) == 0 { Act::LosesItem(id) } else { Act::LosesBlock(id) },
                )
            }
            Kind::Clock => Step::Device(device, Act::Clock(self.jump())),
            Kind::Loss => Step::Loss(device, self.one_of(&[0, 0, 5, 15, 30])),
            Kind::Cut if self.below(2) == 0 => Step::Cut(device, self.nodes()),
            Kind::Cut => Step::Join(device, Which::All),
            Kind::Down => Step::Node(self.nodes(), self.one_of(&[Deed::Dead, Deed::Frozen])),
            Kind::Far => Step::Node(self.nodes(), Deed::Rtt(Duration::from_millis(5 + self.below(250)))),
            Kind::Verb => {
                let (verb, fault) = self.lie();
                Step::Node(self.nodes(), Deed::Verb(verb, fault))
            }
            Kind::Up => Step::Node(if self.below(3) == 0 { Which::All } else { self.nodes() }, Deed::Up),
            Kind::Wipe => {
                let deeds = [Deed::Wiped, Deed::Forgets, Deed::Collects, Deed::LosesPower];
                Step::Node(self.nodes(), self.one_of(&deeds))
            }
            Kind::Roll => Step::Node(self.nodes(), self.one_of(&[Deed::Saves, Deed::Returns])),
        };
        steps.push(step);
    }

    fn usage(&mut self) -> Act {
        match self.below(10) {
            0..=5 => {
                let count = 1 + self.below(4);
                let ids = (0..count).map(|n| format!("t{}", self.tokens + n)).collect();
                self.tokens += count;
                Act::Put(ids, self.one_of(&[40, 40, 600, 3_000]))
            }
            6 if self.below(2) == 0 => Act::Put(vec![format!("{}.{}", self.token(), 1 + self.below(3))], 40),
            6 => Act::Put(vec![self.token()], 40),
            7 => Act::Spend(self.token()),
            8 => Act::Intend(self.token()),
            _ => {
                self.values += 1;
                Act::Set(self.one_of(&["colour", "name"]).to_owned(), format!("v{}", self.values))
            }
        }
    }

    fn jump(&self) -> i64 {
        let by = i64::try_from(self.below(self.one_of(&[60_000, 86_400_000, 400 * 86_400_000]))).unwrap();
        if self.below(2) == 0 { by } else { -by }
    }

    fn lie(&self) -> (Verb, Fault) {
        let verbs = [
            Verb::Records,
            Verb::Blocks,
            Verb::Cars,
            Verb::Import,
            Verb::Pin,
            Verb::Pins,
            Verb::Put,
            Verb::Holds,
        ];
        let verb = self.one_of(&verbs);
        let common =
            [Fault::Refuses, Fault::Fails, Fault::Freezes, Fault::Lies, Fault::Slow(Duration::from_secs(1))];
        let own: &[Fault] = match verb {
            Verb::Records => &[Fault::Old, Fault::Proxies],
            Verb::Blocks | Verb::Cars => &[Fault::Drips],
            Verb::Pin => &[Fault::Endless],
            Verb::Pins => &[Fault::Full],
            _ => &[],
        };
        let at = usize::try_from(self.below((common.len() + own.len()) as u64)).unwrap();
        (verb, if at < common.len() { common[at] } else { own[at - common.len()] })
    }
}

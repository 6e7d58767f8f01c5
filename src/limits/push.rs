//! Live push: messages between the devices of a wallet by the nodes' pubsub.

use std::time::Duration;

/// Largest message, bytes: a record of 10 KiB, what is known of 64 slots, and padding. Above about 1 MiB Kubo says yes and sends nothing
/// (measured).
pub const PUSH_BYTES: usize = 16 * 1024;
/// Longest line of a stream, bytes: a message in base64, the sender's peer id, and room for names of later releases.
pub const PUSH_LINE_BYTES: usize = 24 * 1024;
/// Lines that a stream may bring at once, and after that in each second. Five devices that publish as often as they can bring 40; of more
/// than that the stream is given up, for reading alone what a flood brings costs more than all else.
pub const PUSH_LINES: (u32, u32) = (256, 64);
/// Lines of a stream at once, and then a second, that are none of this wallet's messages or came before on the same stream.
pub const PUSH_NOISE: (u32, u32) = (32, 10);
/// Messages remembered by their hash: those of half a minute at the highest rate.
pub const PUSH_REMEMBERED: usize = 1_024;
/// Senders whose count is remembered; each start of a device is one. A message of one that was forgotten is known by its sequences.
pub const PUSH_SENDERS: usize = 256;
/// Messages that were opened and wait to be merged; what finds no room is found by the next hint.
pub const PUSH_WAITING: usize = 32;
/// Messages of this device whose way back is watched: those of half a minute of steady publishing.
pub const PUSH_SENT: usize = 256;
/// Nodes that are listened to, and that a message goes to: one that is lost delays nothing.
pub const PUSH_NODES: usize = 2;
/// A device says so often that it is there: proxies close what is silent for a minute.
pub const PUSH_HEARTBEAT: Duration = Duration::from_secs(45);
/// Where streams break each time that they are silent, a proxy closes them: then heartbeats come as often as it takes, down to this.
pub const PUSH_HEARTBEAT_MIN: Duration = Duration::from_secs(10);
/// Streams that broke in silence in a row, before that is believed: one may be a node that was restarted.
pub const PUSH_CUTS: u32 = 2;
/// A stream without a message that opens for this long is opened anew: heartbeats come more often.
pub const PUSH_SILENCE: Duration = Duration::from_secs(60);
/// So long after a message of one's own that was sent on one node came back by another, push counts as proven: two heartbeats and a
/// slow line.
pub const PUSH_PROVEN: Duration = Duration::from_secs(105);
/// While push is proven, one node in turn is asked by the clock this often whether it shows what is known: 720 bytes over HTTP/1.1, most
/// of them heads.
pub const PUSH_POLL: Duration = Duration::from_secs(300);
/// And all of them, and slots that are not known yet, this often: up to 13 KB. What else is missed shows to the other devices' messages.
pub const PUSH_READ_ALL: Duration = Duration::from_secs(5_400);
/// Nodes that are asked in turn before it counts as unanswered, which leads to a reading.
pub const GLANCES: usize = 2;
/// How often a message is sent to a node that fails: Kubo refuses one that another overtook on its way in (measured).
pub const PUSH_TRIES: u32 = 3;
/// Sending one message may take this long: nobody waits for it, and the next one says more.
pub const PUSH_SEND: Duration = Duration::from_secs(5);
/// Messages on their way to one node: those of a second of steady publishing.
pub const PUSH_SENDING: usize = 4;
/// And so long once the account was closed: a round trip of a slow line.
pub const PUSH_SEND_LAST: Duration = Duration::from_millis(500);
/// How long merging what came may be waited for before the next one's turn; it goes on behind that.
pub const PUSH_MERGE: Duration = Duration::from_secs(2);
/// A stream whose head has not come after this long counts as begun: what is sent to it may be what brings its head.
pub const PUSH_HEAD: Duration = Duration::from_secs(1);
/// A stream lasts no longer than this: the node that all devices prefer may be back.
pub const PUSH_STREAM: Duration = Duration::from_secs(15 * 60);
/// A node whose stream broke is tried again after this long, doubled with each failure in a row.
pub const PUSH_RETRY_FIRST: Duration = Duration::from_secs(1);
/// The longest such pause.
pub const PUSH_RETRY_MAX: Duration = Duration::from_secs(5 * 60);
/// A node that floods is tried again after this long, doubled with each time in a row.
pub const PUSH_FLOOD_FIRST: Duration = Duration::from_secs(30);
/// The longest such pause.
pub const PUSH_FLOOD_MAX: Duration = Duration::from_secs(15 * 60);
/// A node without pubsub is asked again after this long: settings change with a restart.
pub const PUSH_REFUSED_AGAIN: Duration = Duration::from_secs(3_600);
/// A stream that lasted this long was a good one: failures are counted anew.
pub const PUSH_STEADY: Duration = Duration::from_secs(5);
/// A sequence that another device names and that is not here is waited for: its own message may be on its way.
pub const PUSH_HINT_PATIENCE: Duration = Duration::from_secs(1);
/// Readings that push asks for are this far apart, whatever messages say.
pub const PUSH_READ_EVERY: Duration = Duration::from_secs(10);
/// And this far apart where another stream stayed open, which brought what was new.
pub const PUSH_READ_SPARE: Duration = Duration::from_secs(60);
/// After a stream broke a reading finds what was missed, at a random moment within this time: the devices of one node do not ask at once.
pub const PUSH_READ_JITTER: Duration = Duration::from_millis(1_500);
/// The time from publishing to merging is told up to this; what is longer, or negative, is a clock that is wrong.
pub const PUSH_LAG_MAX: Duration = Duration::from_secs(600);
